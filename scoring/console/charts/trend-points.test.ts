import { describe, expect, it } from 'vitest';
import type { EnergyAnswer } from '../answers.ts';
import { trendPoints } from './trend-points.ts';

type Window = EnergyAnswer['points'][number];

function hour(from: number, figures: Partial<Window> = {}): Window {
  const at = (value: number) => `2026-11-23T${String(value).padStart(2, '0')}:00:00+08:00`;
  return {
    start: at(from),
    end: at(from + 1),
    state: 'final',
    kgceCalorific: null,
    kgceEquivalent: null,
    revision: 0,
    energyKwh: 10,
    output: 100,
    scrap: 0,
    sec: 0.1,
    reason: null,
    idleKwh: 1,
    idleShare: 0.1,
    runHours: 1,
    idleHours: 0,
    offHours: 0,
    otherHours: 0,
    coverage: 1,
    estimatedShare: 0,
    worstGapSeconds: 1,
    unresolved: 0,
    class: 'A',
    ...figures,
  };
}

describe('the points of the trend', () => {
  it('stand at the wall clock of the plant', () => {
    expect(trendPoints([hour(8)])[0]?.at).toBe(Date.UTC(2026, 10, 23, 8));
  });

  it('leave a gap where windows are missing, and none between neighbours', () => {
    const points = trendPoints([hour(8), hour(9), hour(12)]);
    expect(points.map(({ sec }) => sec)).toEqual([0.1, 0.1, null, 0.1]);
    expect(points[2]).toMatchObject({ at: Date.UTC(2026, 10, 23, 10), energyKwh: null });
  });

  it('keep no figure as no figure, and a real 0 as 0', () => {
    const points = trendPoints([hour(8, { sec: null, energyKwh: null }), hour(9, { energyKwh: 0, sec: null })]);
    expect(points.map(({ sec, energyKwh }) => [sec, energyKwh])).toEqual([
      [null, null],
      [null, 0],
    ]);
  });

  it('mark what is estimated or of class C', () => {
    const points = trendPoints([hour(8, { class: 'C' }), hour(9, { estimatedShare: 0.06 }), hour(10, { class: 'B' })]);
    expect(points.map(({ weak }) => weak)).toEqual([true, true, false]);
  });
});
