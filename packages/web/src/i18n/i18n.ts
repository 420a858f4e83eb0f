import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { recall, remember } from '../app/remember.ts';
import { en } from './en.ts';
import { LANGUAGES, type Language, pickLanguage } from './language.ts';
import { zh } from './zh.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof en };
  }
}

/** Prepares the words; done when it returns, since both languages are in the bundle. An address's `?lang=` comes first. */
export function setUpLanguages(): void {
  void i18next.use(initReactI18next).init({
    resources: { en: { translation: en }, zh: { translation: zh } },
    lng: pickLanguage(new URLSearchParams(location.search).get('lang') ?? recall('language'), navigator.languages),
    fallbackLng: 'en',
    supportedLngs: [...LANGUAGES],
    initAsync: false,
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  document.documentElement.lang = htmlLang();
}

/** Changes the language and remembers the choice. */
export function changeLanguage(language: Language): void {
  remember('language', language);
  void i18next.changeLanguage(language);
  document.documentElement.lang = htmlLang();
}

function htmlLang(): string {
  return i18next.language === 'zh' ? 'zh-Hans' : 'en';
}
