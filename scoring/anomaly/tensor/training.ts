import { Worker } from 'node:worker_threads';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';
import type { SavedAutoencoder } from './autoencoder-model.ts';
import type {
  AutoencoderOptions,
  AutoencoderTraining,
  TrainingMetrics,
  TrainingProgress,
} from './autoencoder-training.ts';
import { backendNames, type BackendName } from './backend.ts';

type PlainOptions = Omit<Partial<AutoencoderOptions>, 'onStep'>;

/** What the worker is given. */
export type TrainingWork = {
  /** Rows × sensors, row by row. */
  readonly rows: Float64Array;
  readonly sensors: number;
  readonly options: PlainOptions;
  readonly backends: readonly BackendName[];
  /** An Int32 that becomes 1 when the training is to end. */
  readonly cancel: SharedArrayBuffer;
  readonly deadlineMs: number;
  readonly tensorBytes: number;
};

type NotTrained = Extract<AutoencoderTraining, { kind: 'not-trained' }>['reason'] | 'time-bound' | 'memory-bound';

/** What the worker says: progress now and then, then one of the others. */
export type TrainingOutcome =
  | { readonly kind: 'progress'; readonly progress: TrainingProgress }
  | {
      readonly kind: 'trained';
      readonly model: SavedAutoencoder;
      readonly metrics: TrainingMetrics;
      readonly backend: BackendName;
      readonly version: string;
      readonly seconds: number;
    }
  | { readonly kind: 'not-trained'; readonly reason: NotTrained }
  | { readonly kind: 'failed'; readonly message: string };

export type TrainingResult = Exclude<TrainingOutcome, { kind: 'progress' } | { kind: 'failed' }>;

export type TrainingRequest = {
  readonly rows: readonly Float64Array[];
  readonly options?: PlainOptions;
  readonly backends?: readonly BackendName[];
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly signal?: AbortSignal;
  /** Longest training; default 15 minutes. */
  readonly deadlineMs?: number;
  /** Most memory, bytes, of tensors, and of the worker's heap; default 512 MB each. */
  readonly memoryBytes?: number;
};

const DEADLINE_MS = 900_000;
const MEMORY_BYTES = 512 * 1024 * 1024;
/** A worker that has not ended this long after it was asked to is ended. */
const GRACE_MS = 2000;

/**
 * Trains an autoencoder in a worker thread, so that the event loop goes on judging. Time, memory and `signal` end it without
 * a model, which is a result with its reason.
 * @throws JoulegateError INTERNAL when the worker fails.
 */
export async function trainInWorker(request: TrainingRequest): Promise<TrainingResult> {
  if (request.signal?.aborted === true) return { kind: 'not-trained', reason: 'cancelled' };
  const memoryBytes = request.memoryBytes ?? MEMORY_BYTES;
  const cancel = new SharedArrayBuffer(4);
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./train-worker.${ending}`, import.meta.url), {
    workerData: {
      rows: Float64Array.from(request.rows.flatMap((row) => [...row])),
      sensors: Math.max(1, request.rows[0]?.length ?? 0),
      options: request.options ?? {},
      backends: request.backends ?? backendNames,
      cancel,
      deadlineMs: request.deadlineMs ?? DEADLINE_MS,
      tensorBytes: memoryBytes,
    } satisfies TrainingWork,
    resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memoryBytes / 1024 / 1024) },
  });
  let grace: NodeJS.Timeout | undefined;
  const stop = (): void => {
    Atomics.store(new Int32Array(cancel), 0, 1);
    grace = setTimeout(() => void worker.terminate(), GRACE_MS);
  };
  request.signal?.addEventListener('abort', stop, { once: true });
  try {
    return await outcomeOf(worker, request);
  } finally {
    request.signal?.removeEventListener('abort', stop);
    clearTimeout(grace);
    await worker.terminate();
  }
}

function outcomeOf(worker: Worker, { onProgress, signal }: TrainingRequest): Promise<TrainingResult> {
  return new Promise((resolve, reject) => {
    const fail = (message: string): void => reject(new JoulegateError('INTERNAL', `training failed: ${message}`));
    worker.on('message', (outcome: TrainingOutcome) => {
      switch (outcome.kind) {
        case 'progress':
          return onProgress?.(outcome.progress);
        case 'failed':
          return fail(outcome.message);
        case 'trained':
        case 'not-trained':
          return resolve(outcome);
        default:
          return outcome satisfies never;
      }
    });
    worker.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve({ kind: 'not-trained', reason: 'memory-bound' });
      else fail(describeError(error));
    });
    worker.once('exit', (code) => {
      if (signal?.aborted === true) resolve({ kind: 'not-trained', reason: 'cancelled' });
      else fail(`the worker ended with code ${code} and no model`);
    });
  });
}
