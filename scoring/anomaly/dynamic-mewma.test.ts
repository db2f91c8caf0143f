import { describe, expect, it } from 'vitest';
import { DynamicMewma } from './dynamic-mewma.ts';
import { seededRandom } from './evaluation/record.ts';

/** A tank: the level rises while the pump runs; the pump runs between two levels, or as forced. */
function tank(count: number, seed: number, forced: (row: number) => number | null = () => null): Float64Array[] {
  const random = seededRandom(seed);
  let [level, pump] = [3, 0];
  return Array.from({ length: count }, (_, row) => {
    if (level < 2) pump = 1;
    if (level > 4) pump = 0;
    const told = forced(row);
    level += 0.1 * (pump - 0.5) + 0.01 * (random() - 0.5);
    return Float64Array.of(level, told ?? pump);
  });
}

describe('dynamic MEWMA', () => {
  it('sees a pump that reads off while the level rises', () => {
    const detector = new DynamicMewma();
    detector.fit(tank(3000, 1));
    const ratios = tank(600, 2, (row) => (row >= 400 ? (row % 40 < 20 ? 1 : 0) : null)).map(
      (row) => detector.next(row).ratio,
    );
    expect(ratios.slice(50, 400).filter((ratio) => ratio > 1).length).toBeLessThan(20);
    expect(Math.max(...ratios.slice(400))).toBeGreaterThan(1.5);
    const [first] = detector.explain();
    expect(Number.isFinite(first?.expected)).toBe(true);
  });

  it('says when the training is too short, takes missing values, and goes on from saved data', () => {
    const one = new DynamicMewma();
    one.fit(tank(40, 3));
    expect(one.next(Float64Array.of(3, 1))).toEqual({ score: 0, ratio: 0, degraded: 'training-short' });
    one.fit(tank(1000, 3));
    const other = new DynamicMewma();
    other.load(JSON.parse(JSON.stringify(one.save())));
    const rows = tank(100, 4);
    rows[50] = Float64Array.of(Number.NaN, 1);
    for (const row of rows) {
      const judged = one.next(row);
      expect(other.next(row)).toEqual(judged);
      expect(Number.isFinite(judged.ratio)).toBe(true);
    }
  });
});
