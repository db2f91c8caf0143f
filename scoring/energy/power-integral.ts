/** How a power between two samples is taken: held (report on change) or as a straight line (sampled). */
export type PowerShape = 'stepped' | 'trapezoid';

export type PowerIntegral = {
  /** Energy of the covered spans, kWh. */
  readonly measuredKwh: number;
  /** Time between samples no further apart than the longest allowed gap, over all time. */
  readonly coverage: number;
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  /** What the gaps would hold by each assumption; labelled estimates that are in no measured sum. */
  readonly gapEstimatesKwh: { readonly hold: number; readonly trapezoid: number; readonly next: number };
};

const HOUR = 3_600_000;

/**
 * Energy from power samples (epoch ms, kW; in order of time). Nothing is invented over a gap longer than `maxGapMs`: it
 * is reported. `null` with fewer than two samples.
 */
export function integratePower(
  samples: readonly (readonly [at: number, kw: number])[],
  { shape, maxGapMs }: { readonly shape: PowerShape; readonly maxGapMs: number },
): PowerIntegral | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last[0] <= first[0]) return null;
  let measuredKwh = 0;
  let covered = 0;
  const gaps: { from: number; to: number }[] = [];
  const estimates = { hold: 0, trapezoid: 0, next: 0 };
  for (let i = 1; i < samples.length; i += 1) {
    const [from, before] = samples[i - 1] ?? [0, 0];
    const [to, after] = samples[i] ?? [0, 0];
    const hours = (to - from) / HOUR;
    const trapezoid = ((before + after) / 2) * hours;
    if (to - from > maxGapMs) {
      gaps.push({ from, to });
      estimates.hold += before * hours;
      estimates.trapezoid += trapezoid;
      estimates.next += after * hours;
      continue;
    }
    covered += to - from;
    measuredKwh += shape === 'stepped' ? before * hours : trapezoid;
  }
  return { measuredKwh, coverage: covered / (last[0] - first[0]), gaps, gapEstimatesKwh: estimates };
}
