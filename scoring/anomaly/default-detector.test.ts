import { describe, expect, it } from 'vitest';
import { createDefaultDetector, DefaultDetector } from './default-detector.ts';
import { seededRandom, watchRows } from './evaluation/record.ts';

/** Six sensors with a common cause; `drift` is the step of a slow random walk per row. */
function plant(count: number, seed: number, drift: number): Float64Array[] {
  const random = seededRandom(seed);
  const noise = (): number => random() + random() + random() - 1.5;
  const level = new Float64Array(6);
  return Array.from({ length: count }, (_, index) => {
    const load = Math.sin(index / 60) + 0.3 * noise();
    return level.map((_, sensor) => {
      level[sensor] = (level[sensor] ?? 0) + drift * noise();
      return 20 + 3 * sensor + load * (1 + sensor / 3) + (level[sensor] ?? 0) + 0.2 * noise();
    });
  });
}

/** Six sensors that share a cause without a cycle. */
function steady(count: number): Float64Array[] {
  const random = seededRandom(5);
  const noise = (): number => random() + random() + random() - 1.5;
  let load = 0;
  return Array.from({ length: count }, () => {
    load = 0.9 * load + 0.4 * noise();
    return Float64Array.from({ length: 6 }, (_, sensor) => 20 + 3 * sensor + load + 0.5 * noise());
  });
}

const shift = (rows: readonly Float64Array[], from: number, sensor: number, by: number): Float64Array[] =>
  rows.map((row, index) => (index >= from ? row.map((value, i) => (i === sensor ? value + by : value)) : row));

describe('default detector', () => {
  it('keeps a frozen baseline that holds: a lasting fault stays above the limit', () => {
    const rows = plant(6000, 1, 0);
    const detector = new DefaultDetector();
    detector.fit(rows.slice(0, 3000));
    const ratios = shift(rows.slice(3000), 500, 2, 3).map((row) => detector.next(row).ratio);
    expect(ratios.slice(0, 500).filter((ratio) => ratio > 1).length).toBeLessThan(25);
    expect(ratios.slice(600, 700).every((ratio) => ratio > 1)).toBe(true);
  });

  it('changes to the adaptive baseline when the frozen one is lost, and still sees a fault', () => {
    const rows = plant(12_000, 2, 0.05);
    const detector = new DefaultDetector();
    detector.fit(rows.slice(0, 2500));
    const ratios = shift(rows.slice(2500), 9000, 2, 4).map((row) => detector.next(row).ratio);
    expect(detector.baseline).toBe('adaptive');
    expect(ratios.slice(6000, 9000).filter((ratio) => ratio > 1).length).toBeLessThan(90);
    expect(Math.max(...ratios.slice(9000, 9030))).toBeGreaterThan(1);
  });

  it('judges without any training after 100 rows', () => {
    const detector = createDefaultDetector({ sensors: 6 });
    detector.fit([]);
    const judged = shift(plant(1500, 3, 0), 1400, 1, 10).map((row) => detector.next(row));
    expect(judged.findIndex(({ degraded }) => degraded === undefined)).toBeLessThan(130);
    expect(Math.max(...judged.slice(1400).map(({ score }) => score))).toBeGreaterThan(0.99);
  });

  it.each([0, 3000])(
    'keeps a budget of alarms on healthy rows within a factor of three, trained on %i rows',
    (trained) => {
      const rows = steady(3000 + 60_000);
      // 100 false alarms in the 60,000 rows that are judged.
      const detector = createDefaultDetector({ sensors: 6, risk: 100 / 60_000 });
      detector.fit(rows.slice(3000 - trained, 3000));
      const { events } = watchRows(detector, rows.slice(3000));
      const alarms = events.filter(Boolean).length;
      expect(alarms).toBeLessThan(300);
      expect(alarms).toBeGreaterThan(33);
    },
  );

  it.each([1, 6])('goes on from saved data with %i sensors', (sensors) => {
    const rows = plant(2600, 4, 0).map((row) => row.slice(0, sensors));
    const one = createDefaultDetector({ sensors });
    one.fit(rows.slice(0, 2400));
    const other = createDefaultDetector({ sensors });
    other.load(JSON.parse(JSON.stringify(one.save())));
    const rest = rows.slice(2400, 2415);
    expect(rest.map((row) => other.next(row))).toEqual(rest.map((row) => one.next(row)));
  });
});
