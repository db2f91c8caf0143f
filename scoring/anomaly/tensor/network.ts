import { JoulegateError } from '../../../broker/contract/error.ts';

/** A dense network whose layers are ReLU and linear in turn: a narrow layer that cannot go below 0 would lose what it holds. */
export type Network = {
  /** Width of the input and of every layer. */
  readonly sizes: readonly number[];
  /** Per layer inputs × outputs, row by row. */
  readonly weights: readonly Float32Array[];
  readonly biases: readonly Float32Array[];
};

/** Whether layer number `layer` is ReLU. */
export const isRectified = (layer: number): boolean => layer % 2 === 0;

/** A network as it stands in a file: numbers as little-endian float32 in base64, layer by layer, weights then biases. */
export type SavedNetwork = { readonly sizes: readonly number[]; readonly numbers: string };

/** Reproducible random numbers in [0,1): mulberry32 (T. Ettinger, public domain). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Random weights of variance 2 / inputs (He et al., ICCV 2015); biases 0. */
export function createNetwork(sizes: readonly number[], random: () => number): Network {
  const weights: Float32Array[] = [];
  const biases: Float32Array[] = [];
  for (let layer = 0; layer + 1 < sizes.length; layer += 1) {
    const [inputs = 1, outputs = 1] = [sizes[layer], sizes[layer + 1]];
    const reach = Math.sqrt(6 / inputs);
    weights.push(Float32Array.from({ length: inputs * outputs }, () => (2 * random() - 1) * reach));
    biases.push(new Float32Array(outputs));
  }
  return { sizes, weights, biases };
}

/** Room for the values of every layer of one row. */
export function createLayers(sizes: readonly number[]): Float32Array[] {
  return sizes.map((size) => new Float32Array(size));
}

/**
 * The network's answer to `layers[0]`, which is left in the last of `layers`. For single rows this is faster than any tensor
 * library, whose calls cost more than the arithmetic.
 */
export function forward({ weights, biases }: Network, layers: readonly Float32Array[]): Float32Array {
  for (let layer = 0; layer < weights.length; layer += 1) {
    const input = layers[layer] as Float32Array;
    const output = layers[layer + 1] as Float32Array;
    const weight = weights[layer] as Float32Array;
    const outputs = output.length;
    output.set(biases[layer] as Float32Array);
    for (let i = 0; i < input.length; i += 1) {
      const value = input[i] as number;
      if (value === 0) continue;
      for (let j = 0, at = i * outputs; j < outputs; j += 1, at += 1) {
        output[j] = (output[j] as number) + value * (weight[at] as number);
      }
    }
    if (!isRectified(layer)) continue;
    for (let j = 0; j < outputs; j += 1) if ((output[j] as number) < 0) output[j] = 0;
  }
  return layers.at(-1) as Float32Array;
}

export function saveNetwork({ sizes, weights, biases }: Network): SavedNetwork {
  const parts = weights.flatMap((weight, layer) => [weight, biases[layer] as Float32Array]);
  const bytes = new Uint8Array(4 * parts.reduce((sum, part) => sum + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) for (const value of part) view.setFloat32(4 * at++, value, true);
  return { sizes, numbers: Buffer.from(bytes).toString('base64') };
}

/** @throws JoulegateError CONFIG_INVALID when sizes and numbers do not belong together or a number is not finite. */
export function loadNetwork({ sizes, numbers }: SavedNetwork): Network {
  const bytes = Buffer.from(numbers, 'base64');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wanted = sizes.slice(1).reduce((sum, size, index) => sum + size * ((sizes[index] ?? 0) + 1), 0);
  if (!(wanted > 0) || bytes.byteLength !== 4 * wanted) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `network ${sizes.join('-')} needs ${wanted} numbers, the data has ${bytes.byteLength / 4}; train the model anew`,
    );
  }
  let at = 0;
  const take = (length: number): Float32Array =>
    Float32Array.from({ length }, () => {
      const value = view.getFloat32(4 * at++, true);
      if (Number.isFinite(value)) return value;
      throw new JoulegateError('CONFIG_INVALID', `number ${at} of a network is not finite; train the model anew`);
    });
  const weights: Float32Array[] = [];
  const biases: Float32Array[] = [];
  for (let layer = 0; layer + 1 < sizes.length; layer += 1) {
    const [inputs = 0, outputs = 0] = [sizes[layer], sizes[layer + 1]];
    weights.push(take(inputs * outputs));
    biases.push(take(outputs));
  }
  return { sizes, weights, biases };
}
