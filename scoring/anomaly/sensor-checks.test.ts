import { describe, expect, it } from 'vitest';
import { seededRandom } from './evaluation/record.ts';
import { HalfSpaceTrees } from './half-space-trees.ts';
import { SensorChecks, type SensorCheck } from './sensor-checks.ts';

/** Two sensors that wander about their level. */
function rows(count: number, seed = 4): Float64Array[] {
  const random = seededRandom(seed);
  const noise = (): number => random() + random() + random() - 1.5;
  const level = new Float64Array(2);
  return Array.from({ length: count }, () =>
    Float64Array.from(level, (before, sensor) => {
      level[sensor] = 0.9 * before + 0.3 * noise();
      return 20 + 10 * sensor + (level[sensor] ?? 0) + 0.1 * noise();
    }),
  );
}

/** Scores of the second sensor's change from row 2000 on, and the check that said most when the score was highest. */
function changed(change: (value: number, row: number) => number): {
  ratio: number;
  check: SensorCheck | undefined;
  sensor: number;
} {
  const detector = new SensorChecks();
  let top = { ratio: 0, check: undefined as SensorCheck | undefined, sensor: -1 };
  rows(2300).forEach((row, index) => {
    const { ratio } = detector.next(
      index >= 2000 ? Float64Array.of(row[0] ?? 0, change(row[1] ?? 0, index - 2000)) : row,
    );
    if (index >= 2000 && ratio > top.ratio) {
      top = { ratio, check: detector.finding?.check, sensor: detector.explain()[0]?.sensor ?? -1 };
    }
  });
  return top;
}

describe('checks of single sensors', () => {
  it('are quiet on a healthy sensor', () => {
    const detector = new SensorChecks();
    const above = rows(20_000).filter((row) => detector.next(row).ratio > 1).length;
    expect(above / 20_000).toBeLessThan(0.02);
  });

  it.each<[string, (value: number, row: number) => number, readonly SensorCheck[]]>([
    ['one wild value', (value, row) => (row === 50 ? value + 8 : value), ['spike', 'rate', 'range']],
    ['a stuck value', () => 30.25, ['flatline']],
    ['a slow ramp', (value, row) => value + Math.min(3, row / 60), ['drift', 'range']],
    ['a value beyond everything seen', (value) => value + 6, ['range', 'spike', 'rate', 'drift']],
  ])('see %s', (_, change, checks) => {
    const { ratio, check, sensor } = changed(change);
    expect(ratio).toBeGreaterThan(1);
    expect(checks).toContain(check);
    expect(sensor).toBe(1);
  });

  it('go on from saved data', () => {
    const all = rows(700);
    const one = new SensorChecks();
    one.fit(all.slice(0, 600));
    const other = new SensorChecks();
    other.load(JSON.parse(JSON.stringify(one.save())));
    for (const row of all.slice(600)) expect(other.next(row)).toEqual(one.next(row));
  });
});

describe('half-space trees', () => {
  it('rank rows outside the mass above all others, without training', () => {
    const detector = new HalfSpaceTrees();
    const ratios = rows(3000).map(
      (row, index) => detector.next(index >= 2900 ? row.map((value) => value + 5) : row).ratio,
    );
    const usual = ratios.slice(500, 2900).sort((a, b) => a - b)[Math.floor(2400 * 0.99)] ?? 0;
    expect(ratios.slice(2900, 2950).filter((ratio) => ratio > usual).length).toBeGreaterThan(45);
  });

  it('are the same for the same seed and go on from saved data', () => {
    const all = rows(900);
    const one = new HalfSpaceTrees(7);
    one.fit(all.slice(0, 700));
    const twin = new HalfSpaceTrees(7);
    twin.fit(all.slice(0, 700));
    const other = new HalfSpaceTrees(7);
    other.load(JSON.parse(JSON.stringify(one.save())));
    for (const row of all.slice(700)) {
      const judged = one.next(row);
      expect(twin.next(row)).toEqual(judged);
      expect(other.next(row)).toEqual(judged);
    }
  });
});
