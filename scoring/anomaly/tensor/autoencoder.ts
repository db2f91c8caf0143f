import { JoulegateError } from '../../../broker/contract/error.ts';
import { calibrateRatio, type Detector, type Judgement, type SensorPart } from '../detector.ts';
import { WARM_UP_ROWS } from '../machine-model.ts';
import { trainAutoencoder, type AutoencoderOptions } from './autoencoder-training.ts';
import { InputWindow, readSaved, Reconstruction, SmoothedError, type SavedAutoencoder } from './autoencoder-model.ts';
import type { TensorBackend } from './backend.ts';

type Saved = SavedAutoencoder & {
  /** The latest rows and errors, so that a restart does not warm up anew; absent in a fresh model. */
  readonly memory?: {
    readonly seen: number;
    readonly parts: readonly number[];
    readonly values: readonly number[];
    readonly known: readonly number[];
  };
};

type Running = {
  readonly model: SavedAutoencoder;
  readonly window: InputWindow;
  readonly reconstruction: Reconstruction;
  readonly smoothed: SmoothedError;
};

/**
 * Autoencoder (Sakurada & Yairi, MLSDA 2014) as a detector: the EWMA of the reconstruction error, averaged over members of
 * different seeds, against a limit from rows that were held out. Judging needs no tensor library, only `fit` does.
 */
export class Autoencoder implements Detector {
  readonly #options: Partial<AutoencoderOptions>;
  readonly #backend: TensorBackend | null;
  #running: Running | null = null;
  #row: Float64Array = new Float64Array();
  #seen = 0;

  /** `backend`: what `fit` trains on; null for a detector that only loads what was trained. */
  constructor(backend: TensorBackend | null = null, options: Partial<AutoencoderOptions> = {}) {
    this.#backend = backend;
    this.#options = options;
  }

  /** @throws JoulegateError INTERNAL without a backend. */
  fit(rows: readonly Float64Array[]): void {
    if (this.#backend === null) {
      throw new JoulegateError('INTERNAL', 'an autoencoder without a tensor backend cannot be trained; open one first');
    }
    const trained = trainAutoencoder(this.#backend, rows, this.#options);
    this.#running = null;
    this.#seen = 0;
    if (trained.kind === 'trained') this.load(trained.model);
  }

  next(row: Float64Array): Judgement {
    if (this.#running === null) return { score: 0, ratio: 0, degraded: 'training-short' };
    const { model, window, reconstruction, smoothed } = this.#running;
    const missing = window.push(row);
    this.#row = row;
    if (missing === model.center.length) return { score: 0, ratio: 0, degraded: 'no-data' };
    this.#seen += 1;
    reconstruction.judge(window);
    const statistic = window.full ? smoothed.next(reconstruction.errors) : 0;
    if (this.#seen <= WARM_UP_ROWS + model.windowRows) return { score: 0, ratio: 0, degraded: 'warm-up' };
    const ratio = statistic / model.limit;
    const judged = { score: calibrateRatio(ratio), ratio };
    return missing > 0 ? { ...judged, degraded: 'sensor-missing' } : judged;
  }

  explain(): readonly SensorPart[] {
    if (this.#running === null) return [];
    const { model, reconstruction, smoothed } = this.#running;
    const parts = [...smoothed.parts].map((part, sensor) => (model.usualError[sensor] === null ? 0 : part));
    const total = parts.reduce((sum, part) => sum + part, 0);
    return parts
      .map((part, sensor) => ({
        sensor,
        share: total > 0 ? part / total : 1 / parts.length,
        value: this.#row[sensor] ?? Number.NaN,
        expected: reconstruction.expectedValue(sensor),
      }))
      .sort((a, b) => b.share - a.share);
  }

  save(): unknown {
    if (this.#running === null) return null;
    const { model, window, smoothed } = this.#running;
    const memory = {
      seen: this.#seen,
      parts: [...smoothed.parts],
      values: [...window.values],
      known: [...window.known],
    };
    return { ...model, memory } satisfies Saved;
  }

  load(saved: unknown): void {
    if (saved === null) {
      this.#running = null;
      return;
    }
    const { model, networks } = readSaved(saved);
    const { memory, ...plain } = model as Saved;
    const window = new InputWindow(plain);
    const smoothed = new SmoothedError(plain.usualError);
    this.#seen = 0;
    if (memory?.values.length === window.values.length && memory.parts.length === smoothed.parts.length) {
      window.resume(memory);
      smoothed.parts.set(memory.parts);
      this.#seen = memory.seen;
    }
    this.#running = { model: plain, window, reconstruction: new Reconstruction(plain, networks), smoothed };
  }
}
