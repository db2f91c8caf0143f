import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { rowsInSight, rowStretches, type RowStretch } from '../row-window.ts';

/** From so many rows on only those in sight stand on the page. */
export const VIRTUAL_FROM = 150;
const FIRST_ROWS = 48;

/** The body of a table with many rows of one height. */
export type VirtualRows = {
  readonly body: { current: HTMLTableSectionElement | null };
  readonly stretches: readonly RowStretch[];
  readonly rowHeight: number;
  /** Brings a row into sight and gives it the focus once it stands on the page. */
  readonly focus: (index: number) => void;
};

/** @param kept rows that stand on the page wherever it is scrolled to */
export function useVirtualRows(count: number, kept: readonly number[]): VirtualRows {
  const body = useRef<HTMLTableSectionElement>(null);
  const sight = useSignal({ from: 0, to: FIRST_ROWS });
  const rowHeight = useSignal(24);
  const wanted = useRef<number | null>(null);
  const isVirtual = count >= VIRTUAL_FROM;

  useEffect(() => {
    if (!isVirtual) return undefined;
    let frame = 0;
    const look = () => {
      frame = 0;
      const element = body.current;
      if (element === null) return;
      const row = element.querySelector('tr[data-path]');
      const height = row?.getBoundingClientRect().height ?? 0;
      if (height > 0) rowHeight.value = height;
      const box = element.closest('.tree-scroll')?.getBoundingClientRect();
      const top = Math.max(0, box?.top ?? 0);
      const bottom = Math.min(innerHeight, box?.bottom ?? innerHeight);
      const next = rowsInSight(top - element.getBoundingClientRect().top, Math.max(0, bottom - top), rowHeight.peek());
      const before = sight.peek();
      if (next.from !== before.from || next.to !== before.to) sight.value = next;
    };
    const soon = () => {
      if (frame === 0) frame = requestAnimationFrame(look);
    };
    soon();
    // Scrolling of the box does not bubble, that of the page has no box.
    document.addEventListener('scroll', soon, { capture: true, passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      document.removeEventListener('scroll', soon, { capture: true });
      removeEventListener('resize', soon);
    };
  }, [isVirtual, count]);

  const rowAt = (index: number): HTMLElement | null =>
    body.current?.querySelector<HTMLElement>(`tr[aria-rowindex="${index + 2}"]`) ?? null;
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const row = rowAt(wanted.current);
    if (row === null) return;
    wanted.current = null;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: 'nearest' });
  });

  const focus = (index: number) => {
    const row = rowAt(index);
    if (row !== null) {
      row.focus();
      return;
    }
    wanted.current = index;
    const { from, to } = sight.peek();
    sight.value = { from: Math.max(0, index - (to - from) / 2), to: index + (to - from) / 2 };
  };
  return {
    body,
    stretches: isVirtual ? rowStretches(count, sight.value, kept) : [{ kind: 'rows', from: 0, to: count }],
    rowHeight: rowHeight.value,
    focus,
  };
}
