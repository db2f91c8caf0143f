import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ApiGets } from './generated/api-types.ts';
import { useConsole } from './console-context.ts';
import type { Loadable } from './state.ts';

const RELOAD_MS = 60_000;

/** `useResource` with the types of the API's own description. */
export function useApi<Path extends keyof ApiGets>(
  path: Path | null,
  query?: ApiGets[Path]['query'],
): Resource<ApiGets[Path]['answer']> {
  return useResource<ApiGets[Path]['answer']>(path, query as Readonly<Record<string, string | number>> | undefined);
}

/** An answer on its way, and how to ask again. */
export type Resource<T> = { readonly loaded: Loadable<T>; readonly reload: () => void };

/**
 * An answer of the API for as long as a screen stands: asked again every minute while the page is visible, after a lost
 * connection, and after signing in. Another query starts empty; the same one keeps its last value. `path` null asks nothing.
 */
export function useResource<T>(
  path: string | null,
  query: Readonly<Record<string, string | number>> = {},
): Resource<T> {
  const { state, actions } = useConsole();
  const loaded = useSignal<Loadable<T>>({ state: 'loading' });
  const turn = useRef(0);
  const key = JSON.stringify([path, query]);
  const shown = useRef(key);
  const load = async () => {
    if (path === null) return;
    const mine = ++turn.current;
    const answer = await actions.get<T>(path, query);
    if (mine !== turn.current) return;
    const before = loaded.peek();
    loaded.value = answer.ok
      ? { state: 'ready', value: answer.value }
      : { state: 'failed', failure: answer.failure, value: before.state === 'loading' ? null : before.value };
  };
  const isOpen = state.connection.value.state !== 'lost' && !state.needsSignIn.value;
  useEffect(() => {
    if (shown.current !== key) loaded.value = { state: 'loading' };
    shown.current = key;
    void load();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void load();
    }, RELOAD_MS);
    return () => clearInterval(timer);
  }, [key, isOpen]);
  useEffect(() => () => void (turn.current += 1), []);
  return { loaded: shown.current === key ? loaded.value : { state: 'loading' }, reload: () => void load() };
}
