import { describe, expect, it } from 'vitest';
import { dataQuality, meterState, sumClassDays } from './data-quality.ts';
import { NO_SUMS } from './figure.ts';
import type { EnergyWindow } from './window.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 23, 12);
const day = (index: number, members: Partial<EnergyWindow> = {}): EnergyWindow => ({
  ...NO_SUMS,
  path: 'a/b/c',
  level: 'equipment',
  window: '1d',
  start: index * DAY_MS,
  end: (index + 1) * DAY_MS,
  state: 'final',
  revision: 0,
  energyKwh: 100,
  output: 10,
  coveredMs: DAY_MS,
  expectedMs: DAY_MS,
  ...members,
});

describe('the energy meter of a machine', () => {
  const judge = (readings: Parameters<typeof meterState>[0], isStalled = false) =>
    meterState(readings, { plantAt: NOW, maxAgeMs: 600_000, isStalled });
  const reading = (at: number | null, statusCode = 0) => ({ name: 'Energy', at, statusCode });

  it.each([
    ['lives while it keeps up with the plant', [reading(NOW - 5000)], 'live'],
    ['is dead when it has fallen behind', [reading(NOW - 700_000)], 'dead'],
    ['is dead when one of two counters has', [reading(NOW), reading(NOW - 700_000)], 'dead'],
    ['is bad by the severity of its status code', [reading(NOW, 0x80340000)], 'bad'],
    ['lives with an uncertain value', [reading(NOW, 0x40000000)], 'live'],
    ['waits before its first value', [reading(null)], 'waiting'],
    ['is missing without a tag', [], 'none'],
  ] as const)('%s', (_, readings, state) => {
    expect(judge(readings)).toBe(state);
  });

  it('stands still when the ledger says so', () => {
    expect(judge([reading(NOW)], true)).toBe('stalled');
  });
});

describe('the quality of an object', () => {
  it('counts days by class, the longest gap with its day, and what late data changed', () => {
    const quality = dataQuality('a/b/c', [
      day(0),
      day(1, { coveredMs: 0.96 * DAY_MS, worstGapMs: 3_000_000, revision: 2 }),
      day(2, { coveredMs: 0.85 * DAY_MS, worstGapMs: 9_000_000, unresolved: 1 }),
      day(3, { coveredMs: 0.1 * DAY_MS, estimatedKwh: 50 }),
    ]);
    expect(quality).toMatchObject({
      days: { A: 1, B: 1, C: 1, none: 1 },
      class: null,
      worstGapMs: 9_000_000,
      worstGapOn: 2 * DAY_MS,
      unresolved: 1,
      restatedDays: 1,
      estimatedShare: 0.125,
    });
    expect(quality.coverage).toBeCloseTo(2.91 / 4, 12);
  });

  it('has no share and no day without a meter', () => {
    const quality = dataQuality('a', [day(0, { coveredMs: 0, expectedMs: 0, energyKwh: 0 })]);
    expect(quality).toMatchObject({ coverage: null, class: null, days: { A: 0, B: 0, C: 0, none: 0 } });
  });

  it('adds up over objects', () => {
    const two = [dataQuality('a', [day(0)]), dataQuality('b', [day(0), day(1, { coveredMs: 0 })])];
    expect(sumClassDays(two)).toEqual({ A: 2, B: 0, C: 0, none: 1 });
  });
});
