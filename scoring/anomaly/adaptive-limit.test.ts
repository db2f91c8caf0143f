import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { seededRandom } from './evaluation/record.ts';

function exponential(count: number, seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => -Math.log(1 - random()));
}

function runsAbove(values: readonly number[], limit: AdaptiveLimit): number {
  let runs = 0;
  for (const value of values) {
    if (value > limit.limit) runs += 1;
    limit.add(value);
  }
  return runs;
}

describe('adaptive limit', () => {
  it.each([1e-2, 1e-3])('is exceeded at the stated rate of %d within a factor of two', (rate) => {
    const runs = runsAbove(exponential(200_000, 4), new AdaptiveLimit(rate, 0.1));
    expect(runs / 200_000).toBeGreaterThan(rate / 2);
    expect(runs / 200_000).toBeLessThan(rate * 2);
  });

  it('keeps the rate when the level of the stream doubles', () => {
    const limit = new AdaptiveLimit(1e-3, 0.1);
    runsAbove(exponential(20_000, 5), limit);
    const before = limit.limit;
    const doubled = exponential(60_000, 6).map((value) => 2 * value);
    runsAbove(doubled.slice(0, 20_000), limit);
    expect(limit.limit).toBeGreaterThan(1.5 * before);
    expect(runsAbove(doubled.slice(20_000), limit)).toBeLessThan(2 * 40);
  });

  it('is raised by one step only by a long gross fault', () => {
    const limit = new AdaptiveLimit(1e-3, 0.1);
    for (const value of exponential(5000, 7)) limit.add(value);
    const before = limit.limit;
    for (let row = 0; row < 500; row += 1) limit.add(1e6);
    expect(limit.limit).toBeLessThan(before * 1.11);
  });

  it('goes on from saved numbers', () => {
    const one = new AdaptiveLimit(1e-3, 1);
    for (const value of exponential(300, 8)) one.add(value);
    const other = new AdaptiveLimit(1e-3, 1);
    other.load(JSON.parse(JSON.stringify(one.save())) as number[]);
    for (const value of exponential(2000, 9)) {
      one.add(value);
      other.add(value);
      expect(other.limit).toBe(one.limit);
    }
  });
});
