import { describe, expect, it } from 'vitest';
import { AdaptiveMewma } from './adaptive-mewma.ts';
import { calibrateRatio } from './detector.ts';
import { DriftMewma } from './drift-mewma.ts';
import { Ensemble } from './ensemble.ts';
import { seededRandom } from './evaluation/record.ts';
import { HalfSpaceTrees } from './half-space-trees.ts';

function rows(count: number): Float64Array[] {
  const random = seededRandom(9);
  return Array.from({ length: count }, () => Float64Array.of(random() + random(), random() - random()));
}

const all = rows(1500);
const training = all.slice(0, 600);

describe('ensemble', () => {
  it.each(['mean', 'any'] as const)('joins by %s what its members say by themselves', (fusion) => {
    const [frozen, adaptive] = [new DriftMewma(), new AdaptiveMewma()];
    const joined = new Ensemble(
      [
        { name: 'frozen', detector: new DriftMewma(), weight: () => 3 },
        { name: 'adaptive', detector: new AdaptiveMewma() },
      ],
      fusion,
    );
    for (const detector of [frozen, adaptive, joined]) detector.fit(training);
    for (const row of all.slice(600)) {
      const [a, b] = [frozen.next(row).ratio, adaptive.next(row).ratio];
      const expected = fusion === 'any' ? Math.max(a, b) : (a ** 3 * b) ** (1 / 4);
      const { ratio, score } = joined.next(row);
      expect(ratio).toBeCloseTo(expected, 10);
      expect(score).toBe(calibrateRatio(ratio));
    }
  });

  it('leaves out a member that cannot judge, and says why when none can', () => {
    const joined = new Ensemble(
      [
        { name: 'frozen', detector: new DriftMewma() },
        { name: 'trees', detector: new HalfSpaceTrees() },
      ],
      'mean',
    );
    joined.fit([]);
    const trees = new HalfSpaceTrees();
    const judged = all.slice(0, 500).map((row) => ({ joined: joined.next(row), alone: trees.next(row) }));
    expect(judged[0]?.joined).toEqual({ score: 0, ratio: 0, degraded: 'training-short' });
    expect(judged.at(-1)?.joined.ratio).toBeCloseTo(judged.at(-1)?.alone.ratio ?? 0, 10);
  });

  it('refuses data of other members', () => {
    const one = new Ensemble([{ name: 'frozen', detector: new DriftMewma() }], 'any');
    const other = new Ensemble([{ name: 'trees', detector: new HalfSpaceTrees() }], 'any');
    expect(() => other.load(one.save())).toThrow(/not of the ensemble trees; train it anew/);
  });
});

describe('calibrated score', () => {
  it('is 0.99 at the limit on every machine, rises with the ratio and never reaches 1', () => {
    expect(calibrateRatio(1)).toBeCloseTo(0.99, 12);
    const scores = [0, 0.1, 0.5, 0.9, 1, 1.1, 3, 100, 1e6].map(calibrateRatio);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(scores[0]).toBe(0);
    expect(scores.at(-1)).toBeLessThan(1);
  });
});
