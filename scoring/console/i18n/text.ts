import { createInstance } from 'i18next';
import { language } from '../preferences.ts';
import { en, type TextKey } from './en.ts';
import { zh } from './zh.ts';

const i18n = createInstance();
void i18n.init({
  initAsync: false,
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en }, zh: { translation: zh } },
  keySeparator: false,
  nsSeparator: false,
  pluralSeparator: '#',
  interpolation: { escapeValue: false },
});

/** A text in the chosen language; a component that calls it renders again when the language changes. */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  const { count, ...rest } = values;
  return i18n.t(key, { ...rest, ...(count === undefined ? {} : { count: Number(count) }), lng: language.value });
}

/** The text of a code such as a reason or a state; the code itself where there is no text. */
export function textOf(group: string, code: string): string {
  const key = `${group}.${code}`;
  return Object.hasOwn(en, key) ? t(key as TextKey) : code;
}

/** The name of a thing in the chosen language, or in the other one, or its plain name. */
export function nameIn(text: { readonly en?: string; readonly zh?: string }, plain: string): string {
  const [first, second] = language.value === 'zh' ? [text.zh, text.en] : [text.en, text.zh];
  return plainName(first ?? second ?? plain);
}

const LONGEST_NAME = 128;

/**
 * A name from outside as it may stand on the page: control characters and those that turn the direction of the text
 * around it are written out, and it is cut at 128 characters.
 */
export function plainName(text: string): string {
  const shown = text.replace(
    /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (mark) => `\\u${(mark.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
  const letters = Array.from(shown);
  return letters.length > LONGEST_NAME ? `${letters.slice(0, LONGEST_NAME - 1).join('')}…` : shown;
}
