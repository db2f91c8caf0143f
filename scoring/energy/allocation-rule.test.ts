import { describe, expect, it } from 'vitest';
import { allocateRange, type AllocationRule } from './allocation-rule.ts';
import { NO_SUMS } from './figure.ts';
import type { EnergyWindow } from './window.ts';

const HOUR = 3_600_000;
const hour = (path: string, index: number, sums: Partial<EnergyWindow>): EnergyWindow => ({
  ...NO_SUMS,
  path,
  level: 'line',
  window: '1h',
  start: index * HOUR,
  end: (index + 1) * HOUR,
  state: 'final',
  revision: 0,
  ...sums,
});
const consumer = (path: string, more: object = {}) => ({ path, ratedKw: null, meter: null, share: null, ...more });
const rule: AllocationRule = {
  id: 'air',
  utility: 'utilities/air',
  version: '2026-1',
  driver: null,
  approved: null,
  consumers: [consumer('body'), consumer('plastics')],
};
const windows: Readonly<Record<string, readonly EnergyWindow[]>> = {
  'utilities/air': [10, 7.3, 4].map((energyKwh, index) => hour('utilities/air', index, { energyKwh })),
  body: [
    hour('body', 0, { output: 30, runMs: HOUR }),
    hour('body', 1, { output: 20, runMs: HOUR }),
    hour('body', 2, {}),
  ],
  plastics: [
    hour('plastics', 0, { output: 10, runMs: HOUR / 2 }),
    hour('plastics', 1, { output: 40 }),
    hour('plastics', 2, {}),
  ],
};
const windowsOf = (path: string) => windows[path] ?? [];
const conserved = ({ rows, plantIdleKwh, residualKwh }: ReturnType<typeof allocateRange>): number =>
  Number((rows.reduce((sum, row) => sum + row.allocatedKwh, 0) + plantIdleKwh + residualKwh).toFixed(9));

describe('the energy of a shared utility', () => {
  it('is allocated hour by hour by good output; an hour without demand is plant idle', () => {
    const found = allocateRange(rule, windowsOf);
    expect(found).toMatchObject({ rule: 'air', version: '2026-1', totalKwh: 21.3, plantIdleKwh: 4, residualKwh: 0 });
    expect(found.drivers).toEqual([{ driver: 'good-output', hours: 3 }]);
    expect(found.rows.map(({ allocatedKwh }) => allocatedKwh)).toEqual([9.933333333, 7.366666667]);
    expect(conserved(found)).toBe(21.3);
  });

  it('goes by run time × rated power where that is known, and says why not otherwise', () => {
    const rated = { ...rule, consumers: [consumer('body', { ratedKw: 10 }), consumer('plastics', { ratedKw: 20 })] };
    expect(allocateRange(rated, windowsOf).rows[0]?.allocatedKwh).toBe(5 + 7.3);
    const half = { ...rule, consumers: [consumer('body', { ratedKw: 10 }), consumer('plastics')] };
    expect(allocateRange(half, windowsOf).fallbacks).toEqual(['run-time-rated is not known of plastics']);
  });

  it('leaves to the residual what sub-meters do not explain', () => {
    const meters = {
      ...windows,
      m1: [4, 3, 1].map((energyKwh, index) => hour('m1', index, { energyKwh })),
      m2: [5, 3, 1].map((energyKwh, index) => hour('m2', index, { energyKwh })),
    };
    const found = allocateRange(
      { ...rule, consumers: [consumer('body', { meter: 'm1' }), consumer('plastics', { meter: 'm2' })] },
      (path) => meters[path as keyof typeof meters] ?? [],
    );
    expect(found.rows.map(({ allocatedKwh }) => allocatedKwh)).toEqual([8, 9]);
    expect(found.residualKwh).toBe(4.3);
    expect(conserved(found)).toBe(21.3);
  });

  it('by fixed shares needs their approval; without it all is residual', () => {
    const fixed = {
      ...rule,
      driver: 'fixed-share' as const,
      consumers: [consumer('body', { share: 0.5 }), consumer('plastics', { share: 0.3 })],
    };
    expect(allocateRange(fixed, windowsOf)).toMatchObject({ residualKwh: 21.3, drivers: [{ driver: null, hours: 3 }] });
    const approved = allocateRange({ ...fixed, approved: '2026-01-15' }, windowsOf);
    expect(approved.rows.map(({ allocatedKwh }) => allocatedKwh)).toEqual([10.65, 6.39]);
    expect(approved.residualKwh).toBe(4.26);
  });
});
