import { describe, expect, it } from 'vitest';
import { ALARM_SCORE } from '../score.ts';
import { seededRandom } from '../evaluation/record.ts';
import { Autoencoder } from './autoencoder.ts';
import { loadTensorBackend, type TensorBackend } from './backend.ts';

const backend: TensorBackend = await loadTensorBackend();

/** A machine whose sensors follow its load, bent, and a temperature that lags behind it. */
function machine(rows: number, seed: number): Float64Array[] {
  const random = seededRandom(seed);
  const noise = (): number => random() + random() + random() - 1.5;
  let load = 0;
  let heat = 0;
  return Array.from({ length: rows }, () => {
    load = 0.8 * load + 0.5 * noise();
    heat = 0.9 * heat + 0.1 * load + 0.02 * noise();
    return Float64Array.from([load, load ** 2, Math.tanh(load), heat, heat + load, 50], (value, sensor) =>
      sensor === 5 ? value : value + 0.05 * noise(),
    );
  });
}
const trained = (options = {}): Autoencoder => {
  const detector = new Autoencoder(backend, { steps: 1500, networks: 1, ...options });
  detector.fit(machine(3000, 1));
  return detector;
};

describe.each([{ window: 1 }, { window: 4 }])('an autoencoder over $window rows', ({ window }) => {
  const saved = trained({ window, steps: 2000 }).save();
  const fresh = (): Autoencoder => {
    const detector = new Autoencoder(backend);
    detector.load(saved);
    return detector;
  };

  it('keeps below the limit on rows it has not seen, and finds sensors that no longer hang together', () => {
    const detector = fresh();
    const normal = machine(2000, 2).map((row) => detector.next(row));
    expect(normal.filter(({ score }) => score >= ALARM_SCORE).length).toBeLessThan(100);
    // Every value is usual by itself; it is the square that does not follow its load.
    const broken = machine(100, 3).map((row) => {
      row[1] = 1.5;
      return detector.next(row);
    });
    expect(broken.slice(30).filter(({ score }) => score >= ALARM_SCORE).length).toBeGreaterThan(50);
    const worst = detector.explain().slice(0, 3);
    expect(worst.map(({ sensor }) => sensor)).toContain(1);
    expect(detector.explain().reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  });

  it('judges by what has been: scores of a beginning are the beginning of the scores', () => {
    const rows = machine(300, 4);
    const whole = fresh();
    const all = rows.map((row) => whole.next(row).score);
    const part = fresh();
    expect(rows.slice(0, 120).map((row) => part.next(row).score)).toEqual(all.slice(0, 120));
  });
});

describe('an autoencoder', () => {
  it('is the same for the same rows and seed, and after it was saved as JSON', () => {
    const detector = trained();
    const text = JSON.stringify(detector.save());
    expect(JSON.stringify(trained().save())).toBe(text);
    const loaded = new Autoencoder(backend);
    loaded.load(JSON.parse(text));
    for (const row of machine(200, 5)) expect(loaded.next(row)).toEqual(detector.next(row));
    expect(() => loaded.load({ kind: 'other' })).toThrow(/not of an autoencoder/);
  });

  it('leaves no tensor behind in training and over 10,000 rows', () => {
    const before = backend.tf.memory().numTensors;
    const detector = trained({ steps: 100 });
    for (const row of machine(10_000, 6)) detector.next(row);
    expect(backend.tf.memory().numTensors).toBe(before);
  });

  it('says why it cannot judge fully, and never gives NaN', () => {
    const detector = new Autoencoder(backend);
    expect(detector.next(new Float64Array(6))).toEqual({ score: 0, ratio: 0, degraded: 'training-short' });
    detector.fit(machine(20, 1));
    expect(detector.isTrained).toBe(false);
    const loaded = trained();
    for (const row of machine(50, 2)) loaded.next(row);
    const [row = new Float64Array()] = machine(1, 7);
    const holey = Float64Array.from(row, (value, sensor) => (sensor === 0 ? Number.NaN : value));
    expect(loaded.next(holey)).toMatchObject({ degraded: 'sensor-missing' });
    expect(loaded.next(new Float64Array(6).fill(Number.NaN))).toMatchObject({ score: 0, degraded: 'no-data' });
    expect(loaded.next(new Float64Array(6).fill(Number.POSITIVE_INFINITY))).toMatchObject({ degraded: 'no-data' });
    expect(loaded.next(new Float64Array(6).fill(1e300)).score).toBeGreaterThan(0.99);
    expect(loaded.next(new Float64Array(4))).toMatchObject({ degraded: 'training-short' });
    expect(Number.isFinite(loaded.next(row).score)).toBe(true);
  });

  it('stops training when it is told to, and has then learned nothing', () => {
    const detector = new Autoencoder(backend, { onProgress: (share) => share < 0.1 });
    detector.fit(machine(1000, 1));
    expect(detector.isTrained).toBe(false);
  });
});
