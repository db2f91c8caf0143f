import type { MachineRow } from './machine-row.ts';
import { quantile } from './tail.ts';

export const exclusions = ['idle', 'changeover', 'transition', 'start-up', 'no-values', 'outlier'] as const;
/** Why a row is not learnt from. */
export type Exclusion = (typeof exclusions)[number];

export type TrainingSet = {
  /** Rows to learn from, oldest first: the sensors, then the power where the machine has one. */
  readonly rows: readonly Float64Array[];
  /** Ends of those rows, epoch ms. */
  readonly at: readonly number[];
  readonly sensors: readonly string[];
  readonly excluded: Readonly<Record<Exclusion, number>>;
};

/** Rows after a start that belong to it. */
export const START_UP_ROWS = 10;
/** A row this many robust deviations from the middle, root mean square over its sensors, is not taken for normal. */
const FAR = 4;
/** More than this share of rows is no outlier but a way the machine runs. */
const MOST_TRIMMED = 0.05;
/** MAD to standard deviation of a normal distribution. */
const MAD_FACTOR = 1.4826;

/**
 * Chooses what to learn normal from: rows of a machine that runs, outside start-up and changes of state, without rows far
 * from the middle by median and MAD (Rousseeuw & Hubert, WIREs Data Mining 1, 2011). A machine whose state is never known is
 * taken to run always. No label takes part.
 */
export function selectTrainingSet(
  rows: readonly MachineRow[],
  sensors: readonly string[],
  rowIntervalMs: number,
): TrainingSet {
  const excluded: Record<Exclusion, number> = Object.fromEntries(exclusions.map((name) => [name, 0])) as never;
  const stateless = rows.every(({ context }) => context === 'other');
  const hasPower = rows.some(({ powerKw }) => Number.isFinite(powerKw));
  const kept: { readonly at: number; readonly row: Float64Array }[] = [];
  const phase = new OperatingPhase(rowIntervalMs, stateless);
  for (const row of rows) {
    const reason = phase.next(row) ?? (row.sensors.some(Number.isFinite) ? null : 'no-values');
    if (reason === null) kept.push({ at: row.at, row: trainingRow(row, hasPower) });
    else excluded[reason] += 1;
  }
  const inside = withinReach(kept.map(({ row }) => row));
  const chosen = kept.filter((_, index) => inside[index]);
  excluded.outlier = kept.length - chosen.length;
  return {
    rows: chosen.map(({ row }) => row),
    at: chosen.map(({ at }) => at),
    sensors: hasPower ? [...sensors, 'Power'] : sensors,
    excluded,
  };
}

/** Values of a row as a model sees them. */
export function trainingRow({ sensors, powerKw }: MachineRow, hasPower: boolean): Float64Array {
  return hasPower ? Float64Array.from([...sensors, powerKw]) : sensors;
}

/** Says row by row whether a machine is in a phase that a model of its running knows. */
export class OperatingPhase {
  readonly #rowIntervalMs: number;
  readonly #stateless: boolean;
  #running = 0;
  #lastAt = Number.NaN;

  constructor(rowIntervalMs: number, stateless: boolean) {
    this.#rowIntervalMs = rowIntervalMs;
    this.#stateless = stateless;
  }

  /** Why the row is outside, or null. */
  next({ at, context, mixed }: MachineRow): Exclude<Exclusion, 'no-values' | 'outlier'> | null {
    const gap = at - this.#lastAt > START_UP_ROWS * this.#rowIntervalMs;
    const first = Number.isNaN(this.#lastAt);
    this.#lastAt = at;
    if (this.#stateless) return mixed ? 'transition' : null;
    if (context !== 'run') {
      this.#running = 0;
      return context === 'other' ? 'changeover' : 'idle';
    }
    // Nothing is known from before the first row: it may well have run for long.
    this.#running = gap ? 1 : first ? START_UP_ROWS + 1 : this.#running + 1;
    if (mixed) return 'transition';
    return this.#running <= START_UP_ROWS ? 'start-up' : null;
  }
}

function withinReach(rows: readonly Float64Array[]): readonly boolean[] {
  const size = rows[0]?.length ?? 0;
  const distance = new Float64Array(rows.length);
  const counts = new Float64Array(rows.length);
  for (let sensor = 0; sensor < size; sensor += 1) {
    const values = rows.map((row) => row[sensor] ?? Number.NaN);
    const middle = median(values);
    const scale = MAD_FACTOR * median(values.map((value) => Math.abs(value - middle)));
    // A sensor that rests more than half of the time has no robust scale.
    if (!(scale > 1e-9 * Math.abs(middle))) continue;
    values.forEach((value, index) => {
      if (!Number.isFinite(value)) return;
      distance[index] = (distance[index] ?? 0) + ((value - middle) / scale) ** 2;
      counts[index] = (counts[index] ?? 0) + 1;
    });
  }
  const far = distance.map((sum, index) => Math.sqrt(sum / Math.max(1, counts[index] ?? 0)));
  const reach = Math.max(FAR, quantile(far.toSorted(), 1 - MOST_TRIMMED));
  return [...far].map((value) => value <= reach);
}

function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values.filter(Number.isFinite)).sort(), 0.5);
}
