import { describe, expect, it } from 'vitest';
import { addSums, classOf, figureOf, NO_SUMS, type EnergySums } from './figure.ts';

const HOUR_MS = 3_600_000;
const hour = (members: Partial<EnergySums>): EnergySums => ({
  ...NO_SUMS,
  coveredMs: HOUR_MS,
  expectedMs: HOUR_MS,
  runMs: HOUR_MS,
  ...members,
});

describe('the figure of a sum', () => {
  it('is energy over output as the ratio of sums, never the mean of ratios', () => {
    const day = addSums([hour({ energyKwh: 10, output: 100 }), hour({ energyKwh: 10, output: 10 })]);
    expect(figureOf(day).sec).toBeCloseTo(20 / 110, 12);
    expect(figureOf(day)).toMatchObject({ energyKwh: 20, output: 110, reason: null, class: 'A', coverage: 1 });
  });

  it('keeps the energy of a stop but has no intensity without output', () => {
    const figure = figureOf(hour({ energyKwh: 4, idleKwh: 4, runMs: 0, idleMs: HOUR_MS }));
    expect(figure).toMatchObject({ energyKwh: 4, output: 0, sec: null, reason: 'no-output', idleShare: 1 });
    expect(figure.idleHours).toBe(1);
  });

  it('says no-energy when a dead meter stands beside output', () => {
    expect(figureOf(hour({ output: 50 }))).toMatchObject({ energyKwh: 0, sec: null, reason: 'no-energy' });
  });

  it('has no energy figure at all for output of an object without meter', () => {
    const figure = figureOf({ ...NO_SUMS, output: 50, runMs: HOUR_MS });
    expect(figure).toMatchObject({ energyKwh: null, output: 50, sec: null, reason: 'no-energy', coverage: null });
  });

  it('never prints 0 for unknown', () => {
    expect(figureOf({ ...NO_SUMS, expectedMs: HOUR_MS })).toMatchObject({
      energyKwh: null,
      output: null,
      scrap: null,
      sec: null,
      idleKwh: null,
      idleShare: null,
      estimatedShare: null,
      coverage: 0,
      class: null,
      reason: 'no-data',
    });
    expect(figureOf(NO_SUMS)).toMatchObject({ energyKwh: null, coverage: null, reason: 'no-data' });
  });

  it('withholds the intensity below 80 % coverage and keeps the measured energy', () => {
    const figure = figureOf(hour({ energyKwh: 7.9, output: 10, coveredMs: 0.79 * HOUR_MS }));
    expect(figure).toMatchObject({ energyKwh: 7.9, sec: null, reason: 'low-coverage', class: null });
  });

  it('shows energy that is estimated altogether as such', () => {
    const figure = figureOf(hour({ energyKwh: 5, estimatedKwh: 5, output: 10, coveredMs: 0 }));
    expect(figure).toMatchObject({ energyKwh: 5, estimatedShare: 1, coverage: 0, sec: null, reason: 'low-coverage' });
  });

  it('keeps shares inside [0,1] against rounding and clock effects', () => {
    const figure = figureOf(hour({ energyKwh: 3, idleKwh: 3.000_000_1, output: 1, coveredMs: HOUR_MS + 5 }));
    expect(figure.idleShare).toBe(1);
    expect(figure.coverage).toBe(1);
  });
});

describe('the class of a figure', () => {
  it.each([
    [1, 'A'],
    [0.99, 'A'],
    [0.989, 'B'],
    [0.95, 'B'],
    [0.949, 'C'],
    [0.8, 'C'],
    [0.799, null],
    [0, null],
    [null, null],
  ] as const)('of coverage %s is %s', (coverage, expected) => {
    expect(classOf(coverage)).toBe(expected);
  });
});

describe('adding windows', () => {
  it('sums everything but the worst gap, of which the longest stands', () => {
    const sum = addSums([hour({ worstGapMs: 5, unresolved: 1, scrap: 2 }), hour({ worstGapMs: 3, unresolved: 2 })]);
    expect(sum).toMatchObject({ worstGapMs: 5, unresolved: 3, scrap: 2, coveredMs: 2 * HOUR_MS });
  });
});
