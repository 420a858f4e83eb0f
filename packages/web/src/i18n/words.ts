import type { en } from './en.ts';

/**
 * The shape of a language: the keys of English. Plural forms differ by language, so `_one` may be missing where the
 * language has no singular; `_other` may not.
 */
export type Words = {
  [Section in keyof typeof en]: {
    [Key in keyof (typeof en)[Section] as Key extends `${string}_one` ? never : Key]: string;
  } & { [Key in keyof (typeof en)[Section] as Key extends `${string}_one` ? Key : never]?: string };
};
