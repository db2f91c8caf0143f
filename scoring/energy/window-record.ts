import { fromNano, toNano } from './quantum.ts';
import type { EnergyWindow, EquipmentLevel, WindowSize } from './window.ts';

/** The additive members of a window; the first five are kept as whole numbers of 10⁻⁹ kWh or pieces. */
export const sumNames = [
  'energyKwh',
  'idleKwh',
  'estimatedKwh',
  'output',
  'scrap',
  'runMs',
  'idleMs',
  'offMs',
  'otherMs',
  'coveredMs',
  'expectedMs',
  'unresolved',
] as const;
export type SumName = (typeof sumNames)[number];

/** Place of each sum in a record. */
export const sumIndex = Object.fromEntries(sumNames.map((name, index) => [name, index])) as Readonly<
  Record<SumName, number>
>;
const NANO_SUMS = 5;

/** An object of the tree whose windows are kept. */
export type TreeObject = { readonly path: string; readonly level: EquipmentLevel };

/** One window in the making. */
export type WindowRecord = {
  readonly object: TreeObject;
  readonly window: WindowSize;
  readonly start: number;
  readonly end: number;
  readonly sums: Float64Array<ArrayBuffer>;
  worstGapMs: number;
  revision: number;
  /** false: the store may already hold this window; its row is added before the next write. */
  loaded: boolean;
  /** true: written as final once, so a further change is a revision. */
  wasFinal: boolean;
  changed: boolean;
  /** true: no longer in memory; nothing is added to it. */
  gone: boolean;
};

/** `sums`: zeros, one for each of `sumNames`. */
export function createRecord(
  object: TreeObject,
  window: WindowSize,
  span: { readonly start: number; readonly end: number },
  sums = new Float64Array(sumNames.length),
): WindowRecord {
  return {
    object,
    window,
    start: span.start,
    end: span.end,
    sums,
    worstGapMs: 0,
    revision: 0,
    loaded: true,
    wasFinal: false,
    changed: false,
    gone: false,
  };
}

/** Adds what a stored row holds. */
export function addRow(record: WindowRecord, row: EnergyWindow): void {
  sumNames.forEach((name, index) => {
    record.sums[index] = (record.sums[index] ?? 0) + (index < NANO_SUMS ? toNano(row[name]) : row[name]);
  });
  record.worstGapMs = Math.max(record.worstGapMs, row.worstGapMs);
  record.revision = row.revision;
  record.wasFinal = row.state === 'final';
}

export function toRow(record: WindowRecord, final: boolean): EnergyWindow {
  const { sums } = record;
  return {
    path: record.object.path,
    level: record.object.level,
    window: record.window,
    start: record.start,
    end: record.end,
    state: final ? 'final' : 'open',
    revision: record.revision,
    energyKwh: fromNano(sums[sumIndex.energyKwh] ?? 0),
    idleKwh: fromNano(sums[sumIndex.idleKwh] ?? 0),
    estimatedKwh: fromNano(sums[sumIndex.estimatedKwh] ?? 0),
    output: fromNano(sums[sumIndex.output] ?? 0),
    scrap: fromNano(sums[sumIndex.scrap] ?? 0),
    runMs: sums[sumIndex.runMs] ?? 0,
    idleMs: sums[sumIndex.idleMs] ?? 0,
    offMs: sums[sumIndex.offMs] ?? 0,
    otherMs: sums[sumIndex.otherMs] ?? 0,
    coveredMs: sums[sumIndex.coveredMs] ?? 0,
    expectedMs: sums[sumIndex.expectedMs] ?? 0,
    worstGapMs: record.worstGapMs,
    unresolved: sums[sumIndex.unresolved] ?? 0,
  };
}
