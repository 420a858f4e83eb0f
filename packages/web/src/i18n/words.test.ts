import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { en } from './en.ts';
import { LANGUAGES, type Language } from './language.ts';
import { zh } from './zh.ts';

const WORDS: Record<Language, object> = { en, zh };

/** `section.key` → text. */
function flat(words: object): Map<string, string> {
  return new Map(
    Object.entries(words).flatMap(([section, keys]) =>
      Object.entries(keys as Record<string, string>).map(([key, text]): [string, string] => [
        `${section}.${key}`,
        text,
      ]),
    ),
  );
}

/** The key without its plural form. */
const stem = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, '');
const stems = (words: object) => new Set([...flat(words).keys()].map(stem));
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

for (const language of LANGUAGES) {
  describe(`the words of ${language}`, () => {
    const words = flat(WORDS[language]);

    test('are the same keys as in English', () => {
      assert.deepEqual([...stems(WORDS[language])].sort(), [...stems(en)].sort());
    });

    test('have all plural forms of the language', () => {
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      const counted = new Set([...words.keys()].filter((key) => key.endsWith('_other')).map(stem));
      for (const key of counted) {
        for (const form of forms) assert.ok(words.has(`${key}_${form}`), `${key}_${form} is missing`);
      }
    });

    test('have no empty text', () => {
      for (const [key, text] of words) assert.notEqual(text.trim(), '', key);
    });

    test('take the same values as English', () => {
      const english = new Map([...flat(en)].map(([key, text]) => [stem(key), placeholders(text)]));
      for (const [key, text] of words) assert.deepEqual(placeholders(text), english.get(stem(key)), key);
    });
  });
}
