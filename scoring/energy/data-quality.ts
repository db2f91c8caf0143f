import { addSums, figureOf } from './figure.ts';
import type { EnergyWindow, FigureClass } from './window.ts';

/** What an energy meter is doing now. `dead`: it has fallen behind the plant; `stalled`: it stands still while power flows. */
export const meterStates = ['live', 'dead', 'bad', 'stalled', 'waiting', 'none'] as const;
export type MeterState = (typeof meterStates)[number];

/** The newest sample of a tag, as far as a meter is judged by it. */
export type MeterReading = {
  readonly name: string;
  /** Event time, epoch ms; null before the first. */
  readonly at: number | null;
  /** OPC UA status code; 0 = Good. */
  readonly statusCode: number;
};

/** Days by the class of their figure. */
export type ClassDays = Readonly<Record<FigureClass | 'none', number>>;

/** How far the energy data of one object may be trusted in a range of days. */
export type DataQuality = {
  readonly path: string;
  /** Measured share of the time; null = nothing should have been measured. */
  readonly coverage: number | null;
  readonly class: FigureClass | null;
  readonly days: ClassDays;
  readonly estimatedShare: number | null;
  readonly worstGapMs: number;
  /** Start of the day with the longest gap, epoch ms; null without one. */
  readonly worstGapOn: number | null;
  /** Counter steps nobody can explain, in no sum. */
  readonly unresolved: number;
  /** Days that late data have changed after they were final. */
  readonly restatedDays: number;
};

/** Status codes of OPC UA have their severity in the two highest bits; 2 and 3 are Bad (OPC 10000-4, 7.39). */
const isBad = (statusCode: number): boolean => statusCode >>> 30 >= 2;

/**
 * The state of a machine's energy meter.
 * @param readings its energy counters, or its power tags where it has no counter; empty = no meter
 * @param plantAt newest event time of the plant, so that a replay of old days is judged by its own time
 */
export function meterState(
  readings: readonly MeterReading[],
  options: { readonly plantAt: number | null; readonly maxAgeMs: number; readonly isStalled: boolean },
): MeterState {
  if (readings.length === 0) return 'none';
  const known = readings.filter(({ at }) => at !== null);
  if (known.length === 0) return 'waiting';
  const { plantAt, maxAgeMs, isStalled } = options;
  const oldest = Math.min(...known.map(({ at }) => at ?? 0));
  if (known.some(({ statusCode }) => isBad(statusCode))) return 'bad';
  if (plantAt !== null && plantAt - oldest > maxAgeMs) return 'dead';
  return isStalled ? 'stalled' : known.length < readings.length ? 'waiting' : 'live';
}

/** Quality of one object over its day windows. */
export function dataQuality(path: string, days: readonly EnergyWindow[]): DataQuality {
  const figure = figureOf(addSums(days));
  const counted: Record<FigureClass | 'none', number> = { A: 0, B: 0, C: 0, none: 0 };
  let worst: EnergyWindow | null = null;
  for (const day of days) {
    if (day.expectedMs > 0) counted[figureOf(day).class ?? 'none'] += 1;
    if (day.worstGapMs > (worst?.worstGapMs ?? 0)) worst = day;
  }
  return {
    path,
    coverage: figure.coverage,
    class: figure.class,
    days: counted,
    estimatedShare: figure.estimatedShare,
    worstGapMs: worst?.worstGapMs ?? 0,
    worstGapOn: worst?.start ?? null,
    unresolved: figure.unresolved,
    restatedDays: days.filter(({ revision }) => revision > 0).length,
  };
}

/** Machine-days of all objects by class. */
export function sumClassDays(all: readonly DataQuality[]): ClassDays {
  const sum = (name: keyof ClassDays) => all.reduce((total, { days }) => total + days[name], 0);
  return { A: sum('A'), B: sum('B'), C: sum('C'), none: sum('none') };
}
