import type { Tensor2D, Tensor1D, Variable } from '@tensorflow/tfjs-core';
import type { TensorBackend, TensorLibrary } from './backend.ts';
import { createNetwork, createRandom, isRectified, type Network } from './network.ts';

export type NetworkTraining = {
  readonly sizes: readonly number[];
  /** Rows × inputs, row by row. */
  readonly inputs: Float32Array;
  /** 1 where an input is known, 0 where it is missing: what is missing is not learnt. */
  readonly known: Float32Array;
  readonly seed: number;
  readonly steps: number;
  readonly batchRows: number;
  readonly learningRate: number;
  /** Called after every step with the batch's mean squared error; false stops the training there. */
  readonly onStep: (step: number, loss: number) => boolean;
};

/**
 * Trains a network to reproduce its input by Adam (Kingma & Ba, ICLR 2015). Gradients of dense layers are written out, so
 * that the core library is enough. Same seed and backend, same network. Leaves no tensor behind.
 */
export function trainNetwork({ tf }: TensorBackend, training: NetworkTraining): Network {
  const random = createRandom(training.seed);
  const start = createNetwork(training.sizes, random);
  const width = training.sizes[0] ?? 0;
  const rows = training.inputs.length / width;
  // A variable takes a tensor over, but only a tidy frees the tensor's own handle.
  const [weights, biases] = tf.tidy(() => [
    start.weights.map((values, layer) =>
      tf.variable(tf.tensor2d(values, [training.sizes[layer] ?? 0, training.sizes[layer + 1] ?? 0])),
    ),
    start.biases.map((values) => tf.variable(tf.tensor1d(values))),
  ]) as unknown as [Variable[], Variable[]];
  const optimizer = tf.train.adam(training.learningRate);
  try {
    const order = new BatchOrder(rows, random);
    for (let step = 1; step <= training.steps; step += 1) {
      const { inputs, known } = order.take(Math.min(training.batchRows, rows), width, training);
      const loss = tf.tidy(() => descend(tf, { weights, biases, optimizer, width, inputs, known }));
      if (!training.onStep(step, loss)) break;
    }
    return {
      sizes: training.sizes,
      weights: weights.map((weight) => Float32Array.from(weight.dataSync())),
      biases: biases.map((bias) => Float32Array.from(bias.dataSync())),
    };
  } finally {
    optimizer.dispose();
    tf.dispose([...weights, ...biases]);
  }
}

/** Answers to a whole batch at once on the tensor backend; `inputs` is rows × width. */
export function forwardBatch({ tf }: TensorBackend, network: Network, inputs: Float32Array): Float32Array {
  const width = network.sizes[0] ?? 0;
  return tf.tidy(() => {
    let values: Tensor2D = tf.tensor2d(inputs, [inputs.length / width, width]);
    network.weights.forEach((weight, layer) => {
      const shape: [number, number] = [network.sizes[layer] ?? 0, network.sizes[layer + 1] ?? 0];
      const bias = tf.tensor1d(network.biases[layer] ?? new Float32Array());
      const sum = tf.add<Tensor2D>(tf.matMul(values, tf.tensor2d(weight, shape)), bias);
      values = isRectified(layer) ? tf.relu(sum) : sum;
    });
    return Float32Array.from(values.dataSync());
  });
}

type Descent = {
  readonly weights: readonly Variable[];
  readonly biases: readonly Variable[];
  readonly optimizer: ReturnType<TensorLibrary['train']['adam']>;
  readonly width: number;
  readonly inputs: Float32Array;
  readonly known: Float32Array;
};

/** One step; the mean squared error before it. */
function descend(tf: TensorLibrary, { weights, biases, optimizer, width, inputs, known }: Descent): number {
  const shape: [number, number] = [inputs.length / width, width];
  const input = tf.tensor2d(inputs, shape);
  const layers: Tensor2D[] = [input];
  weights.forEach((weight, layer) => {
    const sum = tf.add<Tensor2D>(tf.matMul(layers[layer] ?? input, weight), biases[layer] as Tensor1D);
    layers.push(isRectified(layer) ? tf.relu(sum) : sum);
  });
  const difference = tf.mul<Tensor2D>(tf.sub(layers.at(-1) as Tensor2D, input), tf.tensor2d(known, shape));
  const loss = tf.mean(tf.square(difference)).dataSync()[0] ?? Number.NaN;
  const gradients: { name: string; tensor: Tensor2D | Tensor1D }[] = [];
  let error = tf.mul<Tensor2D>(difference, 2 / inputs.length);
  for (let layer = weights.length - 1; layer >= 0; layer -= 1) {
    const [weight, bias, values] = [weights[layer], biases[layer], layers[layer]];
    if (weight === undefined || bias === undefined || values === undefined) continue;
    gradients.push(
      { name: weight.name, tensor: tf.matMul(values, error, true, false) },
      { name: bias.name, tensor: tf.sum<Tensor1D>(error, 0) },
    );
    if (layer === 0) break;
    error = tf.matMul(error, weight, false, true);
    if (isRectified(layer - 1)) error = tf.mul(error, tf.step(values));
  }
  optimizer.applyGradients(gradients);
  return loss;
}

/** Rows in random order, each once before any comes again. */
class BatchOrder {
  readonly #order: Int32Array;
  readonly #random: () => number;
  #at: number;

  constructor(rows: number, random: () => number) {
    this.#order = Int32Array.from({ length: rows }, (_, index) => index);
    this.#random = random;
    this.#at = rows;
  }

  take(
    count: number,
    width: number,
    from: { readonly inputs: Float32Array; readonly known: Float32Array },
  ): { readonly inputs: Float32Array; readonly known: Float32Array } {
    const inputs = new Float32Array(count * width);
    const known = new Float32Array(count * width);
    for (let row = 0; row < count; row += 1) {
      if (this.#at >= this.#order.length) this.#shuffle();
      const source = (this.#order[this.#at++] ?? 0) * width;
      inputs.set(from.inputs.subarray(source, source + width), row * width);
      known.set(from.known.subarray(source, source + width), row * width);
    }
    return { inputs, known };
  }

  #shuffle(): void {
    for (let i = this.#order.length - 1; i > 0; i -= 1) {
      const j = Math.floor(this.#random() * (i + 1));
      const kept = this.#order[i] ?? 0;
      this.#order[i] = this.#order[j] ?? 0;
      this.#order[j] = kept;
    }
    this.#at = 0;
  }
}
