import { describe, expect, it } from 'vitest';
import type { MachineRow } from './machine-row.ts';
import { selectTrainingSet, START_UP_ROWS } from './training-set.ts';

const MINUTE = 60_000;
const rowOf = (index: number, fields: Partial<MachineRow> = {}): MachineRow => ({
  at: index * MINUTE,
  context: 'run',
  mixed: false,
  powerKw: 40 + (index % 7),
  pieces: 8,
  plantKw: 100,
  sensors: Float64Array.of(20 + (index % 5), 5 + (index % 3)),
  ...fields,
});
const running = (count: number): MachineRow[] => Array.from({ length: count }, (_, index) => rowOf(index));

describe('choosing what to learn from', () => {
  it('leaves out idle time, changeover, transitions and the start after them, and counts each', () => {
    const rows = running(400).map((row, index) => {
      if (index >= 100 && index < 120) return { ...row, context: 'idle' as const };
      if (index >= 200 && index < 205) return { ...row, context: 'other' as const };
      return index === 300 ? { ...row, mixed: true } : row;
    });
    const { excluded, at } = selectTrainingSet(rows, ['a', 'b'], MINUTE);
    expect(excluded).toMatchObject({ idle: 20, changeover: 5, transition: 1, 'start-up': 2 * START_UP_ROWS });
    expect(at).not.toContain(121 * MINUTE);
    expect(at).toContain((120 + START_UP_ROWS) * MINUTE);
  });

  it('trims rows far from the middle, but never what is more than a twentieth', () => {
    const wild = running(400).map((row, index) =>
      index % 40 === 7 ? { ...row, sensors: Float64Array.of(900, -3) } : row,
    );
    const second = running(400).map((row, index) =>
      index >= 300 ? { ...row, sensors: Float64Array.of(900, -3) } : row,
    );
    expect(selectTrainingSet(wild, ['a', 'b'], MINUTE).excluded.outlier).toBe(10);
    expect(selectTrainingSet(second, ['a', 'b'], MINUTE).excluded.outlier).toBeLessThanOrEqual(20);
  });

  it('takes the power in where there is one', () => {
    const powerless = running(50).map((row) => ({ ...row, powerKw: Number.NaN }));
    expect(selectTrainingSet(running(50), ['a', 'b'], MINUTE).sensors).toEqual(['a', 'b', 'Power']);
    expect(selectTrainingSet(powerless, ['a', 'b'], MINUTE).sensors).toEqual(['a', 'b']);
  });

  it('takes a machine that never says its state to run always, and leaves out rows without any value', () => {
    const rows = running(60).map((row, index) => ({
      ...row,
      context: 'other' as const,
      sensors: index === 9 ? Float64Array.of(Number.NaN, Number.NaN) : row.sensors,
    }));
    const { excluded, rows: used } = selectTrainingSet(rows, ['a', 'b'], MINUTE);
    expect(excluded).toMatchObject({ changeover: 0, 'no-values': 1 });
    expect(used.length).toBe(59);
  });

  it('gives an empty set for no rows', () => {
    expect(selectTrainingSet([], [], MINUTE).rows).toEqual([]);
  });
});
