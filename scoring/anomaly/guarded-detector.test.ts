import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDefaultDetector } from './default-detector.ts';
import type { Detector } from './detector.ts';
import { seededRandom } from './evaluation/record.ts';

function healthy(count: number, sensors = 3): Float64Array[] {
  const random = seededRandom(11);
  return Array.from({ length: count }, (_, index) =>
    Float64Array.from({ length: sensors }, (_, sensor) => 50 + sensor + Math.sin(index / 20) + random()),
  );
}

function running(sensors = 3, rows = 600): Detector {
  const detector = createDefaultDetector({ sensors });
  detector.fit(healthy(rows, sensors));
  return detector;
}

const wild = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308, -1e308, 5e-324),
  fc.double({ min: 49, max: 55, noNaN: true }),
);

describe('whatever rows come in', () => {
  it('scores are finite, in [0,1), reasoned where they are 0, and nothing is thrown', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(wild, { maxLength: 4 }), { maxLength: 120 }),
        fc.array(fc.array(wild, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 160 }),
        fc.integer({ min: 1, max: 4 }),
        (training, rows, sensors) => {
          const detector = createDefaultDetector({ sensors });
          detector.fit(training.map((row) => Float64Array.from(row)));
          for (const row of rows) {
            const { score, ratio, degraded } = detector.next(Float64Array.from(row));
            expect(Number.isFinite(ratio) && ratio >= 0).toBe(true);
            expect(score >= 0 && score < 1).toBe(true);
            expect(degraded === undefined && training.length === 0 && rows.length < 20).toBe(false);
            for (const { share } of detector.explain()) expect(Number.isFinite(share)).toBe(true);
          }
          createDefaultDetector({ sensors }).load(JSON.parse(JSON.stringify(detector.save())));
        },
      ),
      { numRuns: 60, seed: 20_261_123 },
    );
  });
});

describe('degraded modes', () => {
  const row = (...values: number[]): Float64Array => Float64Array.from(values);

  it('name a missing sensor, and judge by the others', () => {
    const judged = running().next(row(50, Number.NaN, 52));
    expect(judged).toMatchObject({ degraded: 'sensor-missing' });
    expect(judged.score).toBeLessThan(0.99);
  });

  it('name a new and a vanished sensor', () => {
    const detector = running();
    expect(detector.next(row(50.5, 51.5, 52.5, 7))).toMatchObject({ degraded: 'sensors-changed' });
    expect(detector.next(row(50.5, 51.5))).toMatchObject({ degraded: 'sensors-changed' });
    expect(detector.next(row(50.5, 51.5, 52.5)).degraded).toBeUndefined();
  });

  it('take a sudden silence as unusual and a habitual one as none', () => {
    const silent = row(Number.NaN, Number.NaN, Number.NaN);
    const sudden = running();
    for (const healthyRow of healthy(300)) sudden.next(healthyRow);
    expect(sudden.next(silent)).toMatchObject({ degraded: 'no-data' });
    expect(sudden.next(silent).score).toBeGreaterThan(0.99);
    const habitual = running();
    for (const healthyRow of healthy(300)) {
      habitual.next(healthyRow);
      habitual.next(silent);
    }
    expect(habitual.next(silent)).toEqual({ score: 0, ratio: 0, degraded: 'no-data' });
  });

  it('take zeros of all sensors as a dropout first and as a stopped machine after a day of minutes', () => {
    const detector = running();
    const judged = Array.from({ length: 10_080 }, () => detector.next(row(0, 0, 0)));
    expect(judged[0]).toMatchObject({ ratio: 5, degraded: 'all-zero' });
    expect(judged.at(-1)).toEqual({ score: 0, ratio: 0, degraded: 'all-zero' });
    const back = healthy(50).map((healthyRow) => detector.next(healthyRow));
    expect(back.every(({ score }) => score < 0.99)).toBe(true);
  });

  it('name a jump of time, forwards and backwards', () => {
    const detector = running();
    const reasons = [0, 1, 2, 3, 4, 5000, 5001, 4000, 4001].map(
      (second) => detector.next(row(50.5, 51.5, 52.5), second * 1000).degraded,
    );
    expect(reasons).toEqual([
      ...Array.from({ length: 5 }, () => undefined),
      'time-jump',
      undefined,
      'time-jump',
      undefined,
    ]);
  });

  it('say that the training was too short, and judge without it', () => {
    const detector = createDefaultDetector({ sensors: 3 });
    detector.fit(healthy(30));
    const judged = healthy(400).map((healthyRow) => detector.next(healthyRow));
    expect(judged[0]?.degraded).toBe('warm-up');
    expect(judged.at(-1)?.degraded).toBe('training-short');
    expect(judged.some(({ score }) => score > 0)).toBe(true);
  });

  it('judge a record of constant columns as quiet', () => {
    const detector = createDefaultDetector({ sensors: 2 });
    const constant = Array.from({ length: 500 }, () => row(7, 0));
    detector.fit(constant);
    expect(constant.every((constantRow) => detector.next(constantRow).score < 0.99)).toBe(true);
    const changed = Array.from({ length: 20 }, () => detector.next(row(7.5, 0)));
    expect(changed.at(-1)?.score).toBeGreaterThan(0.99);
  });
});
