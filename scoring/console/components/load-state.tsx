import type { ComponentChildren } from 'preact';
import type { Failure } from '../api-client.ts';
import { t } from '../i18n/text.ts';

/** Grey bars in the shape of what is coming. */
export function Skeleton({ rows, what }: { readonly rows: number; readonly what: string }) {
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">{t('failure.loading', { what })}</span>
      {Array.from({ length: rows }, (_, index) => (
        <span key={index} class="skeleton-bar" aria-hidden="true" />
      ))}
    </div>
  );
}

/** What could not be loaded, why, and a way to try again. */
export function Failed(props: { readonly what: string; readonly failure: Failure; readonly onRetry: () => void }) {
  return (
    <div class="state-note state-failed" role="alert">
      <p>
        <strong>{t('failure.load', { what: props.what })}</strong> {failureText(props.failure)}
      </p>
      <button type="button" class="button" onClick={props.onRetry}>
        {t('page.reload')}
      </button>
    </div>
  );
}

/** Nothing is there, and what to do about it. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <div class="state-note">{children}</div>;
}

/** A failure in words. */
export function failureText(failure: Failure): string {
  return failure.kind === 'unreachable' ? t('failure.unreachable') : failure.detail;
}
