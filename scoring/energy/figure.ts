import { fromNano, toNano } from './quantum.ts';
import type { EnergyWindow, FigureClass } from './window.ts';

/** The additive part of a window: everything a figure is made from. */
export type EnergySums = Pick<
  EnergyWindow,
  | 'energyKwh'
  | 'idleKwh'
  | 'estimatedKwh'
  | 'output'
  | 'scrap'
  | 'runMs'
  | 'idleMs'
  | 'offMs'
  | 'otherMs'
  | 'coveredMs'
  | 'expectedMs'
  | 'worstGapMs'
  | 'unresolved'
>;

/**
 * Why there is no energy per output. `no-data`: nothing was measured at all; `low-coverage`: less than 80 % of the
 * energy time was measured; `no-output`: energy stands without output; `no-energy`: output without energy (dead meter).
 */
export type NoFigureReason = 'no-output' | 'no-energy' | 'low-coverage' | 'no-data';

/** What a reader is shown of a sum. null = no figure; an unknown is never 0. */
export type EnergyFigure = {
  readonly energyKwh: number | null;
  /** Good output in equivalent units. */
  readonly output: number | null;
  readonly scrap: number | null;
  /** kWh per equivalent unit: ratio of sums, never a mean of ratios. */
  readonly sec: number | null;
  readonly reason: NoFigureReason | null;
  readonly idleKwh: number | null;
  readonly idleShare: number | null;
  readonly runHours: number;
  readonly idleHours: number;
  readonly offHours: number;
  readonly otherHours: number;
  /** Measured share of the energy time, [0,1]; null when no meter is expected. */
  readonly coverage: number | null;
  /** Part of the energy that was spread over gaps, [0,1]. */
  readonly estimatedShare: number | null;
  readonly worstGapSeconds: number;
  readonly unresolved: number;
  readonly class: FigureClass | null;
};

const CLASS_FROM = [
  ['A', 0.99],
  ['B', 0.95],
  ['C', 0.8],
] as const satisfies readonly (readonly [FigureClass, number])[];

const HOUR_MS = 3_600_000;
const wholeSums = ['energyKwh', 'idleKwh', 'estimatedKwh', 'output', 'scrap'] as const;
const plainSums = ['runMs', 'idleMs', 'offMs', 'otherMs', 'coveredMs', 'expectedMs', 'unresolved'] as const;

/** The sum of nothing. */
export const NO_SUMS: EnergySums = {
  energyKwh: 0,
  idleKwh: 0,
  estimatedKwh: 0,
  output: 0,
  scrap: 0,
  runMs: 0,
  idleMs: 0,
  offMs: 0,
  otherMs: 0,
  coveredMs: 0,
  expectedMs: 0,
  worstGapMs: 0,
  unresolved: 0,
};

/** Adds windows up, energies and pieces exactly; of the worst gaps the longest one stands. */
export function addSums(parts: Iterable<EnergySums>): EnergySums {
  const total: { -readonly [Name in keyof EnergySums]: number } = { ...NO_SUMS };
  for (const part of parts) {
    for (const name of wholeSums) total[name] += toNano(part[name]);
    for (const name of plainSums) total[name] += part[name];
    total.worstGapMs = Math.max(total.worstGapMs, part.worstGapMs);
  }
  for (const name of wholeSums) total[name] = fromNano(total[name]);
  return total;
}

/** Class of a measured share: A ≥ 0.99, B ≥ 0.95, C ≥ 0.80; null below, and when there is no share. */
export function classOf(coverage: number | null): FigureClass | null {
  if (coverage === null) return null;
  return CLASS_FROM.find(([, from]) => coverage >= from)?.[0] ?? null;
}

/**
 * The figure of a sum. Energy per output is Σ energy / Σ output and stands only on a classed coverage;
 * otherwise it is null with the reason.
 */
export function figureOf(sum: EnergySums): EnergyFigure {
  const coverage = sum.expectedMs > 0 ? share(sum.coveredMs, sum.expectedMs) : null;
  const metered = sum.coveredMs > 0 || sum.energyKwh !== 0;
  const counted = sum.output !== 0 || sum.scrap !== 0;
  const timed = sum.runMs + sum.idleMs + sum.offMs + sum.otherMs > 0;
  const known = metered || counted || timed;
  const reason = reasonOf(sum, { coverage, metered, counted });
  return {
    energyKwh: metered ? sum.energyKwh : null,
    output: known ? sum.output : null,
    scrap: known ? sum.scrap : null,
    sec: reason === null ? sum.energyKwh / sum.output : null,
    reason,
    idleKwh: metered ? sum.idleKwh : null,
    idleShare: sum.energyKwh > 0 ? share(sum.idleKwh, sum.energyKwh) : null,
    runHours: sum.runMs / HOUR_MS,
    idleHours: sum.idleMs / HOUR_MS,
    offHours: sum.offMs / HOUR_MS,
    otherHours: sum.otherMs / HOUR_MS,
    coverage,
    estimatedShare: sum.energyKwh > 0 ? share(sum.estimatedKwh, sum.energyKwh) : null,
    worstGapSeconds: sum.worstGapMs / 1000,
    unresolved: sum.unresolved,
    class: classOf(coverage),
  };
}

function reasonOf(
  sum: EnergySums,
  seen: { readonly coverage: number | null; readonly metered: boolean; readonly counted: boolean },
): NoFigureReason | null {
  if (!seen.metered && !seen.counted) return 'no-data';
  if (!seen.metered) return 'no-energy';
  if (classOf(seen.coverage) === null) return 'low-coverage';
  if (!(sum.output > 0)) return 'no-output';
  if (!(sum.energyKwh > 0)) return 'no-energy';
  return null;
}

function share(part: number, whole: number): number {
  return Math.min(1, Math.max(0, part / whole));
}
