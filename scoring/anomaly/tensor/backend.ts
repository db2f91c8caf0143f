import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Core from '@tensorflow/tfjs-core';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';

export const backendNames = ['tfjs-node', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/** The calls of TensorFlow.js, on the backend that was chosen. */
export type TensorLibrary = typeof Core;

export type TensorBackend = {
  readonly name: BackendName;
  /** Version of TensorFlow.js. */
  readonly version: string;
  /** Backends that come before this one and why each could not be used. */
  readonly refused: readonly { readonly name: BackendName; readonly reason: string }[];
  readonly tf: TensorLibrary;
};

const packages = {
  'tfjs-node': '@tensorflow/tfjs-node',
  wasm: '@tensorflow/tfjs-backend-wasm',
  cpu: '@tensorflow/tfjs-backend-cpu',
} as const satisfies Record<BackendName, string>;
const LONGEST_REASON = 200;

/**
 * Loads TensorFlow.js, which costs some 60 MB, on the first of `order` that works. Scoring does not need it; training does.
 * Backends belong to the process or worker: the last one opened there is in use.
 * @throws JoulegateError CONFIG_INVALID when none of them can be used, with the reason of each.
 */
export async function openBackend(order: readonly BackendName[] = backendNames): Promise<TensorBackend> {
  const load = createRequire(import.meta.url);
  const refused: { name: BackendName; reason: string }[] = [];
  for (const name of order) {
    try {
      if (name === 'tfjs-node') restoreRemovedUtil(load);
      const registered = load(packages[name]) as unknown;
      const tf = load('@tensorflow/tfjs-core') as TensorLibrary;
      // Else the library advertises tfjs-node on the error output.
      tf.enableProdMode();
      if (name === 'wasm') useSingleThread(load, registered as WasmPackage);
      if (!(await tf.setBackend(name === 'tfjs-node' ? 'tensorflow' : name))) throw new Error('it does not start');
      await tf.ready();
      proveArithmetic(tf);
      return { name, version: tf.version_core, refused, tf };
    } catch (error) {
      refused.push({ name, reason: reasonOf(name, error) });
    }
  }
  const reasons = refused.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new JoulegateError('CONFIG_INVALID', `no TensorFlow.js backend can be used (${reasons}); run "npm ci"`);
}

type WasmPackage = {
  readonly setWasmPaths: (folder: string) => void;
  readonly setThreadsCount: (count: number) => void;
};

/** More threads need a worker script that Node refuses to load from a blob. */
function useSingleThread(load: NodeJS.Require, { setWasmPaths, setThreadsCount }: WasmPackage): void {
  setWasmPaths(join(dirname(load.resolve(packages.wasm)), '/'));
  setThreadsCount(1);
}

/** tfjs-node 4.22.0 calls a function that Node has removed in version 23. */
function restoreRemovedUtil(load: NodeJS.Require): void {
  const util = load('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

/** A backend that loads but cannot multiply is of no use. */
function proveArithmetic(tf: TensorLibrary): void {
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync()[0]);
  if (product !== 11) throw new Error(`it computes 1·3 + 2·4 = ${String(product)}`);
}

function reasonOf(name: BackendName, error: unknown): string {
  const [line = ''] = describeError(error).split('\n');
  const { code } = Object(error) as { code?: unknown };
  if (code === 'MODULE_NOT_FOUND' && line.includes(packages[name])) {
    return name === 'tfjs-node'
      ? 'not installed (optional: its native library is downloaded while it is installed, which failed or was left out)'
      : 'not installed';
  }
  return line.slice(0, LONGEST_REASON);
}
