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
  return first ?? second ?? plain;
}
