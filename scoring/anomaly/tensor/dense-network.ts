import type * as Tensors from '@tensorflow/tfjs-core';
import type { TensorBackend } from './backend.ts';
import { seededRandom } from '../evaluation/record.ts';

/** A network of dense layers: tanh in between, linear at the end. `kernels[i]` is row-major, sizes[i] × sizes[i + 1]. */
export type DenseNetwork = {
  readonly sizes: readonly number[];
  readonly kernels: readonly Float32Array[];
  readonly biases: readonly Float32Array[];
};

export type TrainingOptions = {
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  /** Standard deviation of the noise that is added to the input: a denoising autoencoder does not learn the identity (Vincent 2008). */
  readonly noise: number;
  readonly seed: number;
  /** Called after each epoch with its mean squared error; ends the training when it returns false. */
  readonly onEpoch?: (epoch: number, loss: number) => boolean | void;
};

/** Untrained weights, uniform by Glorot & Bengio (2010); the same for the same seed on every backend. */
export function initialNetwork(sizes: readonly number[], seed: number): DenseNetwork {
  const random = seededRandom(seed);
  const kernels = sizes.slice(1).map((to, layer) => {
    const from = sizes[layer] ?? 0;
    const bound = Math.sqrt(6 / (from + to));
    return Float32Array.from({ length: from * to }, () => (2 * random() - 1) * bound);
  });
  return { sizes, kernels, biases: sizes.slice(1).map((to) => new Float32Array(to)) };
}

/** Output for one input, without tensors: at one row a second per machine their overhead costs more than the arithmetic. */
export function forward({ sizes, kernels, biases }: DenseNetwork, input: Float32Array): Float32Array {
  let values = input;
  for (const [layer, kernel] of kernels.entries()) {
    const to = sizes[layer + 1] ?? 0;
    const next = Float32Array.from(biases[layer] ?? []);
    for (const [from, value] of values.entries()) {
      if (value === 0) continue;
      const row = from * to;
      for (let unit = 0; unit < to; unit += 1) next[unit] = (next[unit] ?? 0) + value * (kernel[row + unit] ?? 0);
    }
    if (layer < kernels.length - 1) for (let unit = 0; unit < to; unit += 1) next[unit] = Math.tanh(next[unit] ?? 0);
    values = next;
  }
  return values;
}

/** Outputs for `rows` inputs, row after row, on the tensor backend. */
export function forwardBatch(
  { tf }: TensorBackend,
  { sizes, kernels, biases }: DenseNetwork,
  inputs: Float32Array,
  rows: number,
): Float32Array {
  return tf.tidy(() => {
    let values = tf.tensor2d(inputs, [rows, sizes[0] ?? 0]);
    for (const [layer, kernel] of kernels.entries()) {
      const shape: [number, number] = [sizes[layer] ?? 0, sizes[layer + 1] ?? 0];
      const sum = tf.add(
        tf.matMul(values, tf.tensor2d(kernel, shape)),
        tf.tensor1d(biases[layer] ?? new Float32Array()),
      );
      values = (layer < kernels.length - 1 ? tf.tanh(sum) : sum) as typeof values;
    }
    return values.dataSync<'float32'>();
  });
}

/** Trains the network to give its input back (Adam, mean squared error). Blocks while it works: run it in a worker. */
export function trainToReconstruct(
  { tf }: TensorBackend,
  network: DenseNetwork,
  inputs: Float32Array,
  rows: number,
  { epochs, batch, learningRate, noise, seed, onEpoch }: TrainingOptions,
): DenseNetwork {
  const { sizes } = network;
  const width = sizes[0] ?? 0;
  const random = seededRandom(seed);
  const optimizer = tf.train.adam(learningRate);
  // Inside tidy, because a variable does not dispose of the tensor it begins with.
  const kernels = tf.tidy(() =>
    network.kernels.map((kernel, layer) =>
      tf.variable(tf.tensor2d(kernel, [sizes[layer] ?? 0, sizes[layer + 1] ?? 0])),
    ),
  );
  const biases = tf.tidy(() => network.biases.map((bias) => tf.variable(tf.tensor1d(bias))));
  const order = Uint32Array.from({ length: rows }, (_, index) => index);
  try {
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      shuffle(order, random);
      let total = 0;
      for (let begin = 0; begin < rows; begin += batch) {
        const chosen = order.subarray(begin, begin + batch);
        const clean = gather(inputs, width, chosen);
        const noisy = noise === 0 ? clean : clean.map((value) => value + noise * gaussian(random));
        total += step(tf, { kernels, biases, optimizer }, noisy, clean) * chosen.length;
      }
      if (onEpoch?.(epoch + 1, total / rows) === false) break;
    }
    return {
      sizes,
      kernels: kernels.map((kernel) => kernel.dataSync<'float32'>().slice()),
      biases: biases.map((bias) => bias.dataSync<'float32'>().slice()),
    };
  } finally {
    for (const variable of [...kernels, ...biases]) variable.dispose();
    optimizer.dispose();
  }
}

type Learning = {
  readonly kernels: readonly Tensors.Variable<Tensors.Rank.R2>[];
  readonly biases: readonly Tensors.Variable<Tensors.Rank.R1>[];
  readonly optimizer: Tensors.Optimizer;
};

/** One step down the gradient of the mean squared error (back-propagation, Rumelhart et al. 1986). @returns the error before it. */
function step(
  tf: TensorBackend['tf'],
  { kernels, biases, optimizer }: Learning,
  inputs: Float32Array,
  targets: Float32Array,
): number {
  const width = kernels[0]?.shape[0] ?? 0;
  const shape: [number, number] = [inputs.length / width, width];
  return tf.tidy(() => {
    const layers: Tensors.Tensor2D[] = [tf.tensor2d(inputs, shape)];
    for (const [layer, kernel] of kernels.entries()) {
      const sum = tf.add(tf.matMul(layers[layer] as Tensors.Tensor2D, kernel), biases[layer] as Tensors.Tensor1D);
      layers.push((layer < kernels.length - 1 ? tf.tanh(sum) : sum) as Tensors.Tensor2D);
    }
    const error = tf.sub(layers.at(-1) as Tensors.Tensor2D, tf.tensor2d(targets, shape));
    const gradients: Record<string, Tensors.Tensor> = {};
    let delta = tf.mul(error, 2 / inputs.length) as Tensors.Tensor2D;
    for (let layer = kernels.length - 1; layer >= 0; layer -= 1) {
      const kernel = kernels[layer] as Tensors.Variable<Tensors.Rank.R2>;
      const input = layers[layer] as Tensors.Tensor2D;
      gradients[kernel.name] = tf.matMul(input, delta, true, false);
      gradients[biases[layer]?.name ?? ''] = tf.sum(delta, 0);
      if (layer > 0) delta = tf.mul(tf.matMul(delta, kernel, false, true), tf.sub(1, tf.square(input)));
    }
    optimizer.applyGradients(gradients);
    return tf.mean(tf.square(error)).dataSync()[0] ?? Number.NaN;
  });
}

function gather(inputs: Float32Array, width: number, rows: Uint32Array): Float32Array {
  const gathered = new Float32Array(rows.length * width);
  for (const [index, row] of rows.entries())
    gathered.set(inputs.subarray(row * width, (row + 1) * width), index * width);
  return gathered;
}

function shuffle(order: Uint32Array, random: () => number): void {
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
}

/** Box & Muller (1958). */
const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
