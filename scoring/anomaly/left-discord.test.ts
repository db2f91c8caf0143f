import { describe, expect, it } from 'vitest';
import { seededRandom } from './evaluation/record.ts';
import { LeftDiscord } from './left-discord.ts';

const day = 96;
const shape = (row: number): number => Math.sin((2 * Math.PI * row) / day) + 0.4 * Math.sin((6 * Math.PI * row) / day);

function rows(count: number, change: (value: number, row: number) => number = (value) => value): Float64Array[] {
  const random = seededRandom(3);
  return Array.from({ length: count }, (_, row) => Float64Array.of(change(shape(row) + 0.1 * (random() - 0.5), row)));
}

describe('left discord', () => {
  it('sees a flat day in a daily pattern though every value is usual', () => {
    const detector = new LeftDiscord();
    const ratios = rows(12 * day, (value, row) => (row >= 1000 && row < 1050 ? 0.2 : value)).map(
      (row) => detector.next(row).ratio,
    );
    expect(Math.max(...ratios.slice(1000, 1074))).toBeGreaterThan(2);
    expect(ratios.slice(300, 1000).filter((ratio) => ratio > 1).length).toBeLessThan(14);
  });

  it('needs three shapes and fifty distances first, and says so', () => {
    const detector = new LeftDiscord();
    const reasons = rows(200).map((row) => detector.next(row).degraded);
    expect(reasons.indexOf(undefined)).toBe(71 + 50);
    expect(reasons.slice(0, 121).every((reason) => reason === 'warm-up')).toBe(true);
  });

  it('goes on from saved data with the same scores', () => {
    const all = rows(600);
    const one = new LeftDiscord();
    one.fit(all.slice(0, 400));
    const other = new LeftDiscord();
    other.load(JSON.parse(JSON.stringify(one.save())));
    expect(all.slice(400).map((row) => other.next(row))).toEqual(all.slice(400).map((row) => one.next(row)));
  });

  it('never gives NaN for missing, constant and huge values', () => {
    const detector = new LeftDiscord();
    for (let row = 0; row < 400; row += 1) {
      const value = row % 7 === 0 ? Number.NaN : row % 50 === 0 ? 1e9 : 5;
      const { score, ratio } = detector.next(Float64Array.of(value, 1));
      expect(Number.isFinite(ratio) && score >= 0 && score < 1).toBe(true);
    }
  });

  it('names the sensor whose shape is new, with the value of the nearest earlier shape', () => {
    const detector = new LeftDiscord();
    for (let row = 0; row < 900; row += 1) {
      detector.next(Float64Array.of(shape(row), shape(row + 20) + (row > 890 ? 2 : 0)));
    }
    const [first] = detector.explain();
    expect(first?.sensor).toBe(1);
    expect(first?.value).toBeCloseTo(shape(919) + 2, 10);
    expect(Math.abs((first?.expected ?? 9) - shape(919))).toBeLessThan(2.2);
    expect(detector.explain().reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 10);
  });
});
