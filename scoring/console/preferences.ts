import { computed, effect, signal } from '@preact/signals';
import { localeOf, type Language } from './format.ts';

/** What a person chose; auto follows the system. */
export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const LANGUAGE_KEY = 'joulegate.language';
const THEME_KEY = 'joulegate.theme';
const SIGNED_IN_KEY = 'joulegate.signed-in';

/** A browser may forbid storage; the choice then lasts for this visit. */
function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    return;
  }
}

function firstLanguage(): Language {
  const chosen = remembered(LANGUAGE_KEY);
  if (chosen === 'zh' || chosen === 'en') return chosen;
  const known = navigator.languages
    .map((tag) => tag.slice(0, 2).toLowerCase())
    .find((tag) => tag === 'zh' || tag === 'en');
  return known === 'zh' ? 'zh' : 'en';
}

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(systemDark.matches);
systemDark.addEventListener('change', (change) => {
  systemIsDark.value = change.matches;
});

/** Language of all texts and number forms. */
export const language = signal<Language>(firstLanguage());
/** Chosen appearance. */
export const theme = signal<Theme>(themes.find((one) => one === remembered(THEME_KEY)) ?? 'auto');
/** Appearance in force. */
export const appearance = computed<'light' | 'dark'>(() =>
  theme.value === 'auto' ? (systemIsDark.value ? 'dark' : 'light') : theme.value,
);

/** Chooses and remembers a language. */
export function chooseLanguage(next: Language): void {
  language.value = next;
  remember(LANGUAGE_KEY, next);
}

/** Chooses and remembers an appearance. */
export function chooseTheme(next: Theme): void {
  theme.value = next;
  remember(THEME_KEY, next);
}

/** Whether this browser has signed in by token, so that it may sign out. The session itself is a cookie that scripts cannot read. */
export function hasSignedIn(): boolean {
  return remembered(SIGNED_IN_KEY) === 'yes';
}

/** Remembers a sign-in or sign-out. */
export function noteSignedIn(signedIn: boolean): void {
  remember(SIGNED_IN_KEY, signedIn ? 'yes' : 'no');
}

/** Keeps the root element's lang and theme equal to the choices. */
export function applyPreferences(root: HTMLElement): void {
  effect(() => {
    root.lang = localeOf[language.value];
  });
  effect(() => {
    root.dataset['theme'] = appearance.value;
  });
}
