import { parentPort, workerData } from 'node:worker_threads';
import { describeError } from '../../../broker/contract/error.ts';
import { trainAutoencoder } from './autoencoder-training.ts';
import { openBackend, type BackendName } from './backend.ts';
import type { TrainingOutcome, TrainingWork } from './training.ts';

const { rows, sensors, options, backends, cancel, deadlineMs, tensorBytes } = workerData as TrainingWork;
const say = (outcome: TrainingOutcome): void => parentPort?.postMessage(outcome);
const stop = new Int32Array(cancel);
const PROGRESS_MS = 200;

try {
  const backend = await openBackend(backends);
  const start = performance.now();
  let told = Number.NEGATIVE_INFINITY;
  let bound: 'time' | 'memory' | null = null;
  const trained = trainAutoencoder(
    backend,
    Array.from({ length: rows.length / sensors }, (_, row) => rows.slice(row * sensors, (row + 1) * sensors)),
    {
      ...options,
      onStep: (progress) => {
        const now = performance.now();
        if (now - told >= PROGRESS_MS) {
          told = now;
          parentPort?.postMessage({ kind: 'progress', progress } satisfies TrainingOutcome);
        }
        if (now - start > deadlineMs) bound = 'time';
        if (backend.tf.memory().numBytes > tensorBytes) bound = 'memory';
        return bound === null && Atomics.load(stop, 0) === 0;
      },
    },
  );
  const by: { backend: BackendName; version: string } = { backend: backend.name, version: backend.version };
  if (trained.kind === 'trained') say({ ...trained, ...by, seconds: (performance.now() - start) / 1000 });
  else say({ kind: 'not-trained', reason: bound === null ? trained.reason : `${bound as 'time' | 'memory'}-bound` });
} catch (error) {
  say({ kind: 'failed', message: describeError(error) });
}
