import { figureOf, NO_SUMS } from '../energy/figure.ts';
import type { EnergyWindow, EquipmentLevel, WindowSize } from '../energy/window.ts';
import type { TimeRange } from './metric-store.ts';

/** Sums over the windows of one object in one step of time. null = nothing was measured in any of them; an unknown is never 0. */
export type SeriesPoint = {
  /** Epoch ms: start of the step; without down-sampling start of the window. */
  readonly start: number;
  /** Windows that were added up. */
  readonly windows: number;
  readonly energyKwh: number | null;
  readonly idleKwh: number | null;
  readonly estimatedKwh: number | null;
  /** Good output in equivalent units. */
  readonly output: number | null;
  readonly scrap: number | null;
  readonly runHours: number;
  readonly idleHours: number;
  /** Measured and expected energy time; their ratio is the coverage. */
  readonly coveredMs: number;
  readonly expectedMs: number;
};

export type SeriesQuery = {
  /** Equipment path; '' is the site. */
  readonly path: string;
  readonly window: WindowSize;
  /** Down-sampling: length of a step in ms, steps start at multiples of it since 1970 (UTC). Absent: one point per window. */
  readonly every?: number;
} & TimeRange;

export const rankings = ['energyKwh', 'idleKwh', 'output', 'sec'] as const;
/** What objects are ranked by, largest first. `sec`: kWh per equivalent unit, Σ energy / Σ output. */
export type Ranking = (typeof rankings)[number];

export type RankQuery = {
  readonly window: WindowSize;
  readonly level: EquipmentLevel;
  readonly by: Ranking;
  readonly limit: number;
} & TimeRange;

/** Sums of one object; `start` is the start of the asked range. */
export type RankedObject = SeriesPoint & { readonly path: string; readonly value: number };

export type LatestPoint = SeriesPoint & { readonly path: string; readonly level: EquipmentLevel };

/** One final state of a window. */
export type Revision = { readonly revision: number } & SeriesPoint;

/** Windows whose final states are all kept when late data or a re-scoring restate them. */
export const revisedWindows = ['1h', '1d'] as const satisfies readonly WindowSize[];
export type RevisedWindow = (typeof revisedWindows)[number];

/** First instant that stays, per window size; days are kept for ever. */
export type RetentionEdges = { readonly '1m': number; readonly '15m': number; readonly '1h': number };

/**
 * Reads energy figures: the same answers from every store, proven by `series.contract.ts`.
 * Every method rejects with JoulegateError STORE_FAILED when the store cannot answer.
 */
export interface SeriesReader {
  /** Oldest first; steps without a window are left out. */
  readSeries(query: SeriesQuery): Promise<SeriesPoint[]>;
  /** Largest first; objects without the figure are left out. Equal values by path. */
  rank(query: RankQuery): Promise<RankedObject[]>;
  /** Newest window of every object, by path. */
  latest(query: { readonly window: WindowSize }): Promise<LatestPoint[]>;
  /** Every final state of the windows in the range, by start, then oldest revision first. */
  revisions(query: { readonly path: string; readonly window: RevisedWindow } & TimeRange): Promise<Revision[]>;
  /** Deletes windows and scores that start before the edges. */
  deleteBefore(edges: RetentionEdges): Promise<void>;
}

/** The sums of one window as a point: the definition every store has to meet. */
export function pointOf(row: EnergyWindow): SeriesPoint {
  const figure = figureOf(row);
  return {
    start: row.start,
    windows: 1,
    energyKwh: figure.energyKwh,
    idleKwh: figure.idleKwh,
    estimatedKwh: figure.energyKwh === null ? null : row.estimatedKwh,
    output: figure.output,
    scrap: figure.scrap,
    runHours: figure.runHours,
    idleHours: figure.idleHours,
    coveredMs: row.coveredMs,
    expectedMs: row.expectedMs,
  };
}

/** What a point is ranked by; null when there is no such figure (for `sec` by the rules of `figureOf`). */
export function rankValue(point: SeriesPoint, by: Ranking): number | null {
  if (by !== 'sec') return point[by];
  return figureOf({
    ...NO_SUMS,
    energyKwh: point.energyKwh ?? 0,
    output: point.output ?? 0,
    coveredMs: point.coveredMs,
    expectedMs: point.expectedMs,
  }).sec;
}

/** Ranks sums of objects: the one place where order, ties and the limit are decided. */
export function rankObjects(
  points: readonly (SeriesPoint & { readonly path: string })[],
  { by, limit }: Pick<RankQuery, 'by' | 'limit'>,
): RankedObject[] {
  return points
    .flatMap((point) => {
      const value = rankValue(point, by);
      return value === null ? [] : [{ ...point, value }];
    })
    .sort((a, b) => b.value - a.value || (a.path < b.path ? -1 : 1))
    .slice(0, Math.max(0, limit));
}
