/** Ends of a value axis; what lies outside is drawn at the edge with a mark, its true value stands in the tooltip. */
export type ClipRange = { readonly min: number; readonly max: number; readonly interval: number };

/** Quartile distances beyond the quartiles that are still shown in full. */
const REACH = 3;
const STEPS = 5;

/**
 * A range that shows the bulk of the values well: a start-up window with hardly any output has an intensity tens of
 * times the usual and would flatten the rest of the line. `always` is inside in any case. null without values.
 */
export function clipRange(values: readonly number[], always: readonly number[] = []): ClipRange | null {
  const sorted = [...values].sort((a, b) => a - b);
  const least = sorted[0];
  const most = sorted.at(-1);
  if (least === undefined || most === undefined) return null;
  const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => sorted[Math.round(part * (sorted.length - 1))] ?? least);
  const reach = REACH * Math.max((high ?? most) - (low ?? least), Math.abs(middle ?? most) * 0.02);
  const min = Math.min(Math.max(least, (low ?? least) - reach), ...always);
  const max = Math.max(Math.min(most, (high ?? most) + reach), ...always);
  return roundOut(min, max);
}

/** Widens a range to steps of 1, 2 or 5, so that the axis has plain labels. */
function roundOut(min: number, max: number): ClipRange {
  const span = max - min || Math.abs(max) || 1;
  const power = 10 ** Math.floor(Math.log10(span / STEPS));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= span / STEPS) ?? 10);
  const plain = (value: number) => Number(value.toPrecision(12));
  const from = Math.floor(plain(min / step));
  const to = Math.max(Math.ceil(plain(max / step)), from + 1);
  return { min: plain(from * step), max: plain(to * step), interval: plain(step) };
}

/** The value where it is drawn. */
export function clip(value: number | null, range: ClipRange | null): number | null {
  return value === null || range === null ? value : Math.min(range.max, Math.max(range.min, value));
}

/** Whether the value is drawn elsewhere than it is. */
export function isClipped(value: number | null, range: ClipRange | null): boolean {
  return clip(value, range) !== value;
}
