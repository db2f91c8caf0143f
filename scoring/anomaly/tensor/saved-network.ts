import type { DenseNetwork } from './dense-network.ts';

/** A network as JSON: weights as base64 of little-endian 32-bit floats. */
export type SavedNetwork = {
  readonly sizes: readonly number[];
  readonly kernels: readonly string[];
  readonly biases: readonly string[];
};

export const saveNetwork = ({ sizes, kernels, biases }: DenseNetwork): SavedNetwork => ({
  sizes,
  kernels: kernels.map(encode),
  biases: biases.map(encode),
});

export const loadNetwork = ({ sizes, kernels, biases }: SavedNetwork): DenseNetwork => ({
  sizes,
  kernels: kernels.map(decode),
  biases: biases.map(decode),
});

const encode = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

function decode(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
