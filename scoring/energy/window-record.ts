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
  readonly sums: Float64Array;
  worstGapMs: number;
  revision: number;
  /** false: the store may already hold this window; its row is added before the next write. */
  loaded: boolean;
  /** true: written as final once, so a further change is a revision. */
  wasFinal: boolean;
  changed: boolean;
};

export function createRecord(
  object: TreeObject,
  window: WindowSize,
  span: { readonly start: number; readonly end: number },
): WindowRecord {
  return {
    object,
    window,
    start: span.start,
    end: span.end,
    sums: new Float64Array(sumNames.length),
    worstGapMs: 0,
    revision: 0,
    loaded: true,
    wasFinal: false,
    changed: false,
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
  const of = (name: SumName): number => {
    const index = sumIndex[name];
    const value = record.sums[index] ?? 0;
    return index < NANO_SUMS ? fromNano(value) : value;
  };
  return {
    path: record.object.path,
    level: record.object.level,
    window: record.window,
    start: record.start,
    end: record.end,
    state: final ? 'final' : 'open',
    revision: record.revision,
    energyKwh: of('energyKwh'),
    idleKwh: of('idleKwh'),
    estimatedKwh: of('estimatedKwh'),
    output: of('output'),
    scrap: of('scrap'),
    runMs: of('runMs'),
    idleMs: of('idleMs'),
    offMs: of('offMs'),
    otherMs: of('otherMs'),
    coveredMs: of('coveredMs'),
    expectedMs: of('expectedMs'),
    worstGapMs: record.worstGapMs,
    unresolved: of('unresolved'),
  };
}
