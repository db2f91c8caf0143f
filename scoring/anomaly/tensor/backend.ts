import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import type * as Tensors from '@tensorflow/tfjs-core';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';

/** In the order they are tried: the native library, WebAssembly with SIMD, plain JavaScript. */
export const tensorBackends = ['tensorflow', 'wasm', 'cpu'] as const;
export type TensorBackendName = (typeof tensorBackends)[number];

/** TensorFlow.js with the backend it computes on. One process has one. */
export type TensorBackend = {
  readonly name: TensorBackendName;
  readonly tf: typeof Tensors;
  /** Faster ones that could not be used, with the reason. */
  readonly refused: readonly { readonly name: TensorBackendName; readonly reason: string }[];
};

const loaders: Readonly<Record<TensorBackendName, () => Promise<unknown>>> = {
  tensorflow: () => {
    // tfjs-node 4.22 calls a function that Node 23 has taken away (tensorflow/tfjs#8609).
    const old = util as { isNullOrUndefined?: (value: unknown) => boolean };
    old.isNullOrUndefined ??= (value) => value === null || value === undefined;
    const name = '@tensorflow/tfjs-node';
    return import(name);
  },
  wasm: async () => {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(join(dirname(main), '/'));
  },
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
};

/**
 * Loads TensorFlow.js on the fastest of these backends that works here: each is asked to train a small network before it is believed.
 * Nothing of it is loaded before this is called.
 * @throws JoulegateError MODEL_FAILED when none works, with the reason of each.
 */
export async function loadTensorBackend(
  candidates: readonly TensorBackendName[] = tensorBackends,
): Promise<TensorBackend> {
  const tf = await import('@tensorflow/tfjs-core');
  // Advertises the native library on the console of a gateway that has no use for it.
  tf.env().set('IS_TEST', true);
  const refused: { readonly name: TensorBackendName; readonly reason: string }[] = [];
  for (const name of candidates) {
    try {
      await loaders[name]();
      if (!(await tf.setBackend(name))) throw new Error('it does not initialise');
      await tf.ready();
      prove(tf);
      return { name, tf, refused };
    } catch (error) {
      refused.push({ name, reason: describeError(error).split('\n')[0] ?? '' });
    }
  }
  throw new JoulegateError(
    'MODEL_FAILED',
    `no tensor backend works: ${refused.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`,
  );
}

/** Small sums with every kernel that a dense network and its training need. */
function prove(tf: typeof Tensors): void {
  tf.tidy(() => {
    const input = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const hidden = tf.tanh(tf.add(tf.matMul(input, tf.tensor2d([0.5, -0.5], [2, 1])), tf.tensor1d([0.1])));
    const slope = tf.mul(tf.sub(1, tf.square(hidden)), 2);
    const gradient = tf.matMul(input, slope, true, false);
    const value = tf.mean(tf.square(gradient)).dataSync()[0] ?? Number.NaN;
    // tanh(−0.4) twice; 4 · 2 · (1 − tanh²(0.4)) and 6 · 2 · (1 − tanh²(0.4)), squared, their mean.
    const expected = (((1 - Math.tanh(0.4) ** 2) * 2) ** 2 * (4 ** 2 + 6 ** 2)) / 2;
    if (!(Math.abs(value - expected) < 1e-3 * expected)) throw new Error(`it computes ${value} for ${expected}`);
  });
}
