import { beforeAll, describe, expect, it } from 'vitest';
import { judgeAll } from '../detector.ts';
import { Autoencoder } from './autoencoder.ts';
import { trainAutoencoder } from './autoencoder-training.ts';
import { backendNames, openBackend } from './backend.ts';
import { createNetwork, createRandom, forward, createLayers, loadNetwork, saveNetwork } from './network.ts';
import { forwardBatch } from './tensor-network.ts';

const SENSORS = 6;

/** Six sensors that follow two hidden quantities; from `faultAt` on the third one is off by 15. */
function machineRows(count: number, { seed = 1, faultAt = Number.POSITIVE_INFINITY } = {}): Float64Array[] {
  const random = createRandom(seed);
  const noise = () => (random() + random() + random() - 1.5) * 0.3;
  return Array.from({ length: count }, (_, index) => {
    const [a, b] = [Math.sin(index / 37), Math.cos(index / 91)];
    const row = Float64Array.from(
      [a, b, a + b, a - b, 2 * a + 0.5 * b, a * 0.3 - b],
      (value) => 50 + 10 * value + noise(),
    );
    if (index >= faultAt) row[2] = (row[2] ?? 0) + 15;
    return row;
  });
}

const options = { steps: 400, seed: 7 } as const;
const normal = machineRows(3000);
const later = machineRows(600, { seed: 2, faultAt: 300 });
let trained: unknown;
let temporal: unknown;

beforeAll(async () => {
  const backend = await openBackend(['wasm']);
  const [dense, windowed] = [
    new Autoencoder(backend, options),
    new Autoencoder(backend, { ...options, shape: 'temporal' }),
  ];
  dense.fit(normal);
  windowed.fit(normal);
  trained = dense.save();
  temporal = windowed.save();
}, 120_000);

function loaded(saved: unknown): Autoencoder {
  const detector = new Autoencoder();
  detector.load(saved);
  return detector;
}

describe('the tensor backend', () => {
  it('says which one it is and why those before it cannot be used', async () => {
    const { name, refused, version } = await openBackend();
    expect(backendNames.slice(0, refused.length)).toEqual(refused.map((one) => one.name));
    expect(backendNames[refused.length]).toBe(name);
    for (const { reason } of refused) expect(reason).not.toBe('');
    expect(version).toMatch(/^\d+\.\d+/);
  });

  it('is refused with every reason when none is left', async () => {
    await expect(openBackend([])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('answers like the plain network within 1e-5, on wasm and on cpu', async () => {
    const network = createNetwork([SENSORS, 24, 2, 24, SENSORS], createRandom(3));
    const random = createRandom(4);
    const inputs = Float32Array.from({ length: 64 * SENSORS }, () => 4 * random() - 2);
    const layers = createLayers(network.sizes);
    const plain: number[] = [];
    for (let row = 0; row < 64; row += 1) {
      layers[0]?.set(inputs.subarray(row * SENSORS, (row + 1) * SENSORS));
      plain.push(...forward(network, layers));
    }
    for (const name of ['wasm', 'cpu'] as const) {
      const answers = forwardBatch(await openBackend([name]), network, inputs);
      const furthest = Math.max(...plain.map((value, index) => Math.abs(value - (answers[index] ?? Number.NaN))));
      expect(furthest).toBeLessThan(1e-5);
    }
  });

  it('holds no tensor more after training and 10,000 rows than before', async () => {
    for (const name of ['wasm', 'cpu'] as const) {
      const backend = await openBackend([name]);
      const before = backend.tf.memory().numTensors;
      const detector = new Autoencoder(backend, { ...options, steps: 20 });
      detector.fit(normal);
      const network = createNetwork([SENSORS, 16, SENSORS], createRandom(1));
      const rows = machineRows(10_000, { seed: 5 });
      for (let at = 0; at < rows.length; at += 100) {
        const batch = rows.slice(at, at + 100);
        judgeAll(detector, batch);
        forwardBatch(backend, network, Float32Array.from(batch.flatMap((row) => [...row])));
      }
      expect(backend.tf.memory().numTensors).toBe(before);
    }
  });
});

describe.each([
  ['dense', () => trained],
  ['temporal', () => temporal],
] as const)('a %s autoencoder', (shape, saved) => {
  it('finds a sensor that no longer fits the others and names it', () => {
    const detector = loaded(saved());
    const judged = judgeAll(detector, later);
    const alarms = (from: number, to: number) => judged.slice(from, to).filter(({ score }) => score >= 0.99).length;
    expect(alarms(0, 300)).toBeLessThan(15);
    expect(alarms(330, 600)).toBeGreaterThan(200);
    expect(detector.explain()[0]?.sensor).toBe(2);
  });

  it('gives shares that add up to 1 and expects what the other sensors say', () => {
    const detector = loaded(saved());
    judgeAll(detector, later);
    const parts = detector.explain();
    expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 10);
    expect(parts.every(({ expected }) => Number.isFinite(expected))).toBe(true);
  });

  it('judges a row by itself and earlier rows only', () => {
    const whole = judgeAll(loaded(saved()), later);
    const prefix = judgeAll(loaded(saved()), later.slice(0, 350));
    expect(prefix).toEqual(whole.slice(0, 350));
  });

  it('goes on from what it saved, through JSON, as if it had not stopped', () => {
    const detector = loaded(saved());
    judgeAll(detector, later.slice(0, 200));
    const resumed = loaded(JSON.parse(JSON.stringify(detector.save())));
    expect(judgeAll(resumed, later.slice(200))).toEqual(judgeAll(detector, later.slice(200)));
  });

  it('judges by the sensors that are there and says so', () => {
    const holes = later
      .slice(0, 300)
      .map((row) => Float64Array.from(row, (value, sensor) => (sensor === 3 ? Number.NaN : value)));
    const judged = judgeAll(loaded(saved()), holes);
    expect(judged.at(-1)?.degraded).toBe('sensor-missing');
    expect(judged.every(({ score, ratio }) => Number.isFinite(score) && Number.isFinite(ratio))).toBe(true);
  });

  it('never gives NaN, whatever comes', () => {
    const detector = loaded(saved());
    const wild = [
      new Float64Array(SENSORS).fill(Number.NaN),
      new Float64Array(SENSORS).fill(Number.POSITIVE_INFINITY),
      new Float64Array(SENSORS).fill(1e300),
      new Float64Array(0),
      new Float64Array(SENSORS + 3),
    ];
    const judged = judgeAll(detector, [...normal.slice(0, 60), ...wild, ...wild, ...normal.slice(60, 120)]);
    expect(judged.every(({ score, ratio }) => score >= 0 && score <= 1 && Number.isFinite(ratio))).toBe(true);
    expect(judged[60]?.degraded).toBe('no-data');
    expect(shape.length).toBeGreaterThan(0);
  });
});

describe('training an autoencoder', () => {
  it('gives the same model for the same seed and another for another', async () => {
    const backend = await openBackend(['wasm']);
    const train = (seed: number) => trainAutoencoder(backend, normal.slice(0, 500), { steps: 30, seed });
    expect(train(3)).toEqual(train(3));
    expect(train(3)).not.toEqual(train(4));
  });

  it('gives scores on wasm and cpu that differ by less than 1e-5 for one model', async () => {
    // The model is the same file; only what computes it differs.
    const network = loadNetwork(
      (trained as { members: readonly Parameters<typeof loadNetwork>[0][] }).members[0] ?? { sizes: [], numbers: '' },
    );
    const inputs = Float32Array.from(later.flatMap((row) => [...row].map((value) => (value - 50) / 10)));
    const errors = async (name: 'wasm' | 'cpu') =>
      forwardBatch(await openBackend([name]), network, inputs).map(
        (value, index) => (value - (inputs[index] ?? 0)) ** 2,
      );
    const [wasm, cpu] = [await errors('wasm'), await errors('cpu')];
    expect(Math.max(...wasm.map((value, index) => Math.abs(value - (cpu[index] ?? Number.NaN))))).toBeLessThan(1e-5);
  });

  it('says why it does not train: too few rows, too few sensors, cancelled', async () => {
    const backend = await openBackend(['wasm']);
    const narrow = normal.map((row) => row.slice(0, 2));
    const before = backend.tf.memory().numTensors;
    expect(trainAutoencoder(backend, normal.slice(0, 100))).toEqual({ kind: 'not-trained', reason: 'too-few-rows' });
    expect(trainAutoencoder(backend, narrow)).toEqual({ kind: 'not-trained', reason: 'too-few-sensors' });
    expect(trainAutoencoder(backend, normal, { onStep: ({ step }) => step < 3 })).toEqual({
      kind: 'not-trained',
      reason: 'cancelled',
    });
    expect(backend.tf.memory().numTensors).toBe(before);
  });

  it('takes constant, empty and broken columns', async () => {
    const backend = await openBackend(['wasm']);
    const rows = normal.map((row, index) =>
      Float64Array.from([...row.slice(0, 4), 0, Number.NaN, index % 9 === 0 ? Number.NaN : 7]),
    );
    const detector = new Autoencoder(backend, { steps: 30 });
    detector.fit(rows);
    const judged = judgeAll(detector, rows.slice(0, 200));
    expect(judged.every(({ score }) => score >= 0 && score <= 1)).toBe(true);
    expect(judged.at(-1)?.degraded).toBe('sensor-missing');
  });

  it('refuses data of another detector', () => {
    expect(() => new Autoencoder().load({ kind: 'drift-mewma' })).toThrow(/train it anew/);
    const network = saveNetwork(createNetwork([3, 4, 3], createRandom(1)));
    expect(() => loadNetwork({ ...network, sizes: [3, 5, 3] })).toThrow(/needs/);
  });
});
