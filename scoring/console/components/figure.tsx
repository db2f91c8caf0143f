import { NO_FIGURE } from '../format.ts';
import { t, textOf } from '../i18n/text.ts';

/** A text of a figure, or the sign for no figure with its reason for the pointer and for screen readers. */
export function Figure({ text, reason }: { readonly text: string; readonly reason: string | null }) {
  if (text !== NO_FIGURE) return <>{text}</>;
  const why = t('page.noFigure', { reason: textOf('reason', reason ?? 'no-value') });
  return (
    <span class="no-figure" title={why}>
      <span aria-hidden="true">{NO_FIGURE}</span>
      <span class="visually-hidden">{why}</span>
    </span>
  );
}
