import type { ComponentChildren } from 'preact';
import { t } from '../i18n/text.ts';
import type { Screen } from '../route.ts';
import type { Loadable } from '../state.ts';
import { Failed, Skeleton } from './load-state.tsx';

/** Title of a screen, what it answers, and its settings. */
export function ScreenHead({
  screen,
  children,
}: {
  readonly screen: Exclude<Screen, 'plant'>;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="screen-head">
      <div>
        <h2>{t(`screen.${screen}`)}</h2>
        <p class="quiet">{t(`screen.${screen}.hint`)}</p>
      </div>
      <div class="screen-tools">{children}</div>
    </div>
  );
}

/** What is loading, has failed or is there; a failed reload leaves the last value standing below the failure. */
export function Loaded<T>(props: {
  readonly resource: { readonly loaded: Loadable<T>; readonly reload: () => void };
  readonly what: string;
  readonly rows?: number;
  readonly children: (value: T) => ComponentChildren;
}) {
  const { loaded, reload } = props.resource;
  if (loaded.state === 'loading') return <Skeleton rows={props.rows ?? 8} what={props.what} />;
  return (
    <>
      {loaded.state === 'failed' && <Failed what={props.what} failure={loaded.failure} onRetry={reload} />}
      {loaded.value !== null && props.children(loaded.value)}
    </>
  );
}

/** One figure with its name, unit and a note. */
export function Card(props: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly unit?: string;
  readonly note?: ComponentChildren;
}) {
  return (
    <div class="card">
      <p class="key-title">{props.title}</p>
      <p class="key-value">
        {props.children}
        {props.unit !== undefined && <span class="key-unit">{props.unit}</span>}
      </p>
      {props.note !== undefined && <p class="key-note">{props.note}</p>}
    </div>
  );
}
