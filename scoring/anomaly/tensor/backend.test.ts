import { describe, expect, it } from 'vitest';
import { loadTensorBackend } from './backend.ts';
import { forward, forwardBatch, initialNetwork, trainToReconstruct } from './dense-network.ts';
import { seededRandom } from '../evaluation/record.ts';

const WIDTH = 8;
/** Sensors that follow two hidden causes, so that a narrow network can learn them. */
function machineRows(count: number): Float32Array {
  const random = seededRandom(7);
  const inputs = new Float32Array(count * WIDTH);
  for (let row = 0; row < count; row += 1) {
    const [load, heat] = [2 * random() - 1, 2 * random() - 1];
    for (let sensor = 0; sensor < WIDTH; sensor += 1)
      inputs[row * WIDTH + sensor] = (sensor % 2 === 0 ? load : heat) * (1 + sensor / 10) + 0.05 * (random() - 0.5);
  }
  return inputs;
}
const training = { epochs: 8, batch: 32, learningRate: 0.01, noise: 0.05, seed: 3 };

describe('the tensor backend', () => {
  it('is the fastest that works here, and says why a faster one does not', async () => {
    const backend = await loadTensorBackend();
    expect(['tensorflow', 'wasm']).toContain(backend.name);
    const slower = { tensorflow: [], wasm: ['tensorflow'], cpu: ['tensorflow', 'wasm'] } as const;
    expect(backend.refused.map(({ name }) => name)).toEqual(slower[backend.name]);
    expect(backend.refused.every(({ reason }) => reason.length > 10)).toBe(true);
    expect(backend.tf.getBackend()).toBe(backend.name);
  });

  it('that cannot be had at all is an error that names every reason', async () => {
    await expect(loadTensorBackend([])).rejects.toMatchObject({ code: 'MODEL_FAILED' });
  });

  it('gives the same outputs as plain JavaScript within 1e-5, trained or not, and so does every other', async () => {
    const inputs = machineRows(64);
    let network = initialNetwork([WIDTH, 16, 2, 16, WIDTH], 1);
    const plain = (): number[] =>
      Array.from({ length: 64 }, (_, row) => [
        ...forward(network, inputs.subarray(row * WIDTH, (row + 1) * WIDTH)),
      ]).flat();
    for (const name of ['wasm', 'cpu'] as const) {
      const backend = await loadTensorBackend([name]);
      expect(greatestDifference(forwardBatch(backend, network, inputs, 64), plain())).toBeLessThan(1e-5);
      network = trainToReconstruct(backend, network, inputs, 64, training);
      expect(greatestDifference(forwardBatch(backend, network, inputs, 64), plain())).toBeLessThan(1e-5);
    }
  });

  it('learns, gives the same network for the same seed, and leaves no tensor behind', async () => {
    const backend = await loadTensorBackend();
    const inputs = machineRows(2000);
    const tensors = backend.tf.memory().numTensors;
    const losses: number[] = [];
    const train = () =>
      trainToReconstruct(backend, initialNetwork([WIDTH, 16, 2, 16, WIDTH], 1), inputs, 2000, {
        ...training,
        onEpoch: (_epoch, loss) => void losses.push(loss),
      });
    const first = train();
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 5);
    expect(train()).toEqual(first);
    for (let row = 0; row < 10_000; row += 100) forwardBatch(backend, first, inputs.subarray(0, 100 * WIDTH), 100);
    expect(backend.tf.memory().numTensors).toBe(tensors);
  });
});

const greatestDifference = (a: Float32Array, b: readonly number[]): number =>
  Math.max(...[...a].map((value, index) => Math.abs(value - (b[index] ?? Number.NaN))));
