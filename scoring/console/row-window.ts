/** A stretch of rows that stand on the page, or the room of rows that do not. */
export type RowStretch =
  | { readonly kind: 'rows'; readonly from: number; readonly to: number }
  | { readonly kind: 'room'; readonly from: number; readonly to: number };

/**
 * What of so many rows stands on the page: those in sight, and single ones that must stay although they are out of sight,
 * such as the one with the focus. The stretches follow one another without a hole; `to` is exclusive.
 */
export function rowStretches(
  count: number,
  sight: { readonly from: number; readonly to: number },
  kept: readonly number[],
): readonly RowStretch[] {
  const from = Math.max(0, Math.min(sight.from, count));
  const to = Math.max(from, Math.min(sight.to, count));
  const lone = [...new Set(kept)].filter((row) => row >= 0 && row < count && (row < from || row >= to));
  const shown = [...lone.map((row) => ({ from: row, to: row + 1 })), { from, to }]
    .filter((stretch) => stretch.to > stretch.from)
    .sort((a, b) => a.from - b.from);
  const stretches: RowStretch[] = [];
  let end = 0;
  for (const stretch of shown) {
    if (stretch.from > end) stretches.push({ kind: 'room', from: end, to: stretch.from });
    stretches.push({ kind: 'rows', ...stretch });
    end = stretch.to;
  }
  if (end < count) stretches.push({ kind: 'room', from: end, to: count });
  return stretches;
}

/**
 * Rows in sight with some more on both sides, in steps, so that a small move changes nothing.
 * @param top px from the first row's top edge to the upper edge of what is seen; negative while the rows lie below it
 * @param height px that are seen
 */
export function rowsInSight(
  top: number,
  height: number,
  rowHeight: number,
): { readonly from: number; readonly to: number } {
  const step = SIGHT_STEP;
  const first = Math.floor(top / rowHeight / step) * step - step;
  const last = Math.ceil((top + height) / rowHeight / step) * step + step;
  return { from: Math.max(0, first), to: Math.max(0, last) };
}

const SIGHT_STEP = 8;
