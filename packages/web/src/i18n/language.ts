export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What each language calls itself, for the switch. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', zh: '中文' };

/**
 * The language to begin with: the one asked for or chosen before, else the first of the browser's that is spoken here, else English.
 * @param preferred language tags (BCP 47), best first.
 */
export function pickLanguage(wanted: string | null, preferred: readonly string[]): Language {
  for (const tag of [wanted, ...preferred]) {
    const primary = tag?.toLowerCase().split('-')[0];
    const known = LANGUAGES.find((language) => language === primary);
    if (known) return known;
  }
  return 'en';
}
