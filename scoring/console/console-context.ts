import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Actions } from './actions.ts';
import type { ConsoleState } from './state.ts';

/** What every component may use. */
export type ConsoleParts = { readonly state: ConsoleState; readonly actions: Actions };

export const ConsoleContext = createContext<ConsoleParts | null>(null);

/** State and actions of the page this component stands on. */
export function useConsole(): ConsoleParts {
  const parts = useContext(ConsoleContext);
  if (parts === null) throw new Error('this component must stand inside ConsoleContext');
  return parts;
}
