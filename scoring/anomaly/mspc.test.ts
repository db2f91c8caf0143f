import { describe, expect, it } from 'vitest';
import { symmetricEigen } from './eigen.ts';
import { seededRandom } from './evaluation/record.ts';
import { fQuantile } from './f-distribution.ts';
import { Mspc } from './mspc.ts';

/** Four sensors that follow two causes, and noise. */
function process(count: number, seed: number, change: (row: Float64Array, index: number) => void = () => undefined) {
  const random = seededRandom(seed);
  const noise = (): number => random() + random() + random() - 1.5;
  return Array.from({ length: count }, (_, index) => {
    const [a, b] = [Math.sin(index / 30) + noise() * 0.3, Math.cos(index / 47) + noise() * 0.3];
    const row = Float64Array.of(10 + a, 5 - 2 * a, 3 + b, a + b).map((value) => value + 0.1 * noise());
    change(row, index);
    return row;
  });
}

describe('eigenvalues of a symmetric matrix', () => {
  it('are those of a known one, with vectors that give it back', () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(4, 1, 1, 3), 2);
    expect([...values]).toEqual([
      expect.closeTo((7 + Math.sqrt(5)) / 2, 12) as number,
      expect.closeTo((7 - Math.sqrt(5)) / 2, 12) as number,
    ]);
    const back = (i: number, j: number): number =>
      [0, 1].reduce((sum, k) => sum + (values[k] ?? 0) * (vectors[k * 2 + i] ?? 0) * (vectors[k * 2 + j] ?? 0), 0);
    expect([back(0, 0), back(0, 1), back(1, 1)].map((value) => value.toFixed(9))).toEqual([
      '4.000000000',
      '1.000000000',
      '3.000000000',
    ]);
  });
});

describe('F quantiles', () => {
  // Tables of the F distribution (Abramowitz & Stegun, table 26.9).
  it.each([
    [0.05, 5, 10, 3.33],
    [0.01, 8, 13, 4.3],
    [0.01, 1, 120, 6.85],
    [0.05, 10, 60, 1.99],
  ])('for %d with %i and %i degrees are those of the table', (alpha, d1, d2, expected) => {
    expect(fQuantile(alpha, d1, d2)).toBeCloseTo(expected, 2);
  });
});

describe('principal components', () => {
  const train = process(1500, 1);

  it('see a broken correlation though each sensor stays in its range, and name the sensor', () => {
    const detector = new Mspc();
    detector.fit(train);
    const rows = process(600, 2, (row, index) => {
      if (index >= 400) row[1] = 5;
    });
    const ratios = rows.map((row) => detector.next(row).ratio);
    expect(ratios.slice(60, 400).filter((ratio) => ratio > 1).length).toBeLessThan(17);
    expect(Math.max(...ratios.slice(400))).toBeGreaterThan(1.5);
    const parts = detector.explain();
    expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 10);
  });

  it('say when there is too little to train on, and go on from saved data', () => {
    const detector = new Mspc();
    detector.fit(train.slice(0, 50));
    expect(detector.next(train[60] ?? new Float64Array(4))).toEqual({ score: 0, ratio: 0, degraded: 'training-short' });
    detector.fit(train);
    const other = new Mspc();
    other.load(JSON.parse(JSON.stringify(detector.save())));
    for (const row of process(50, 3)) expect(other.next(row)).toEqual(detector.next(row));
  });
});
