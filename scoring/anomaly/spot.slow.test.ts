import { describe, expect, it } from 'vitest';
import { riskOf } from './alarm-budget.ts';
import { seededRandom } from './evaluation/record.ts';
import { fitPareto, paretoQuantile, Spot } from './spot.ts';

function drawn(count: number, seed: number, of: (u: number) => number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => of(1 - random()));
}

describe('generalised Pareto fit', () => {
  it.each([
    [0.2, 1.5],
    [0, 1],
    [-0.2, 3],
  ])('recovers shape %d and scale %d from draws', (shape, scale) => {
    const fit = fitPareto(drawn(20_000, 3, (u) => paretoQuantile({ shape, scale }, u)));
    expect(fit?.shape).toBeCloseTo(shape, 1);
    expect((fit?.scale ?? 0) / scale).toBeCloseTo(1, 1);
  });

  it('is the exact one of excesses at the expected order statistics of an exponential', () => {
    // n = 10 evenly spaced values: mean 5.5, weighted mean 1/n Σ x(n−1−i)/(n−1) = 16.5/9.
    const fit = fitPareto([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(fit?.shape).toBeCloseTo(2 - 5.5 / (5.5 - 2 * (16.5 / 9)), 12);
    expect(fit?.scale).toBeCloseTo((2 * 5.5 * (16.5 / 9)) / (5.5 - 2 * (16.5 / 9)), 12);
  });

  it('is none for too few or equal excesses', () => {
    expect(fitPareto([1, 2, 3])).toBeNull();
    expect(fitPareto(Array.from({ length: 50 }, () => 0))).toBeNull();
  });
});

describe('peaks over threshold', () => {
  it('alarms on healthy values at the stated risk within a factor of two', () => {
    const spot = new Spot({ risk: 1e-3 });
    const alarms = drawn(200_000, 5, (u) => -Math.log(u)).filter((value) => spot.add(value)).length;
    expect(alarms).toBeGreaterThan(100);
    expect(alarms).toBeLessThan(400);
  });

  it('follows drift with a moving mean, and does not without', () => {
    const values = drawn(50_000, 6, (u) => -Math.log(u)).map((value, index) => value + index / 500);
    const still = new Spot({ risk: 1e-3 });
    const moving = new Spot({ risk: 1e-3, drift: 100 });
    expect(values.filter((value) => still.add(value)).length).toBeGreaterThan(10_000);
    expect(values.filter((value) => moving.add(value)).length).toBeLessThan(200);
  });

  it('learns from a gross alarm no more than twice the limit', () => {
    const spot = new Spot({ risk: 1e-3 });
    for (const value of drawn(2000, 7, (u) => -Math.log(u))) spot.add(value);
    const before = spot.limit;
    expect(spot.add(1e9)).toBe(true);
    expect(spot.limit).toBeLessThan(1.5 * before);
  });
});

describe('alarm budget', () => {
  it('turns false alarms per machine and week into a risk per row', () => {
    expect(riskOf(1, 60_000)).toBeCloseTo(1 / 10_080, 12);
    expect(riskOf(2, 1000)).toBeCloseTo(2 / 604_800, 12);
    expect(riskOf(1000, 3_600_000)).toBe(0.05);
  });
});
