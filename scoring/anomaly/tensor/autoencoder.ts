import { JoulegateError } from '../../../broker/contract/error.ts';
import { calibrateRatio, type Detector, type Judgement, type SensorPart } from '../detector.ts';
import { fQuantile } from '../f-distribution.ts';
import { tailLevel } from '../tail.ts';
import type { TensorBackend } from './backend.ts';
import { forward, forwardBatch, initialNetwork, trainToReconstruct, type DenseNetwork } from './dense-network.ts';
import { loadNetwork, saveNetwork, type SavedNetwork } from './saved-network.ts';

export type AutoencoderOptions = {
  /** Rows a network sees at once, the one that is judged and those before it; 1 = the row alone. */
  readonly window: number;
  /** Networks with different initial weights whose reconstructions are averaged: one alone depends on its seed. */
  readonly networks: number;
  /** Steps of training for each network, of 64 rows. */
  readonly steps: number;
  readonly seed: number;
  /** Share of normal rows above the limit. */
  readonly risk: number;
  /** Progress from 0 to 1; the training ends when it returns false. */
  readonly onProgress?: (share: number) => boolean | void;
};

export const AUTOENCODER_DEFAULTS: AutoencoderOptions = { window: 1, networks: 3, steps: 3000, seed: 1, risk: 1e-3 };

/** Fewer rows than this teach a network nothing that a covariance does not know better. */
export const AUTOENCODER_ROWS = 5000;
const BATCH = 64;
const CHUNK = 1024;
const LEARNING_RATE = 0.003;
const NOISE = 0.1;
const LAMBDA = 0.1;
/** The training rows are cut into so many blocks; every fifth is held out, so that the limit comes from rows no network has seen. */
const BLOCKS = 20;
const HELD_EVERY = 5;
const WARM_UP = 20;
const KIND = 'autoencoder';

type Fitted = {
  readonly window: number;
  readonly mean: Float64Array;
  /** 0 for a sensor that never changed in training; it is not judged. */
  readonly scale: Float64Array;
  /** Standard deviation of the reconstruction error on held-out rows, in standardised units. */
  readonly error: Float64Array;
  readonly limit: number;
  readonly networks: readonly DenseNetwork[];
};

/**
 * Dense autoencoder (Hinton & Salakhutdinov 2006; denoising: Vincent et al. 2008): networks that squeeze a row, or a window of rows, through
 * a narrow layer learn how the sensors hang together; the score is the exponentially smoothed squared error of reconstruction in units of the
 * error on held-out normal rows, the limit their tail by peaks over threshold. A missing value is taken for its mean and not judged.
 */
export class Autoencoder implements Detector {
  readonly #backend: TensorBackend;
  readonly #options: AutoencoderOptions;
  #fitted: Fitted | null = null;
  #history: Float32Array[] = [];
  #smoothed = new Float64Array();
  #seen = 0;
  #last: { readonly row: Float64Array; readonly expected: Float64Array } | null = null;

  constructor(backend: TensorBackend, options: Partial<AutoencoderOptions> = {}) {
    this.#backend = backend;
    this.#options = { ...AUTOENCODER_DEFAULTS, ...options };
  }

  /** Whether it has learned anything to judge by. */
  get isTrained(): boolean {
    return this.#fitted !== null;
  }

  fit(rows: readonly Float64Array[]): void {
    this.#fitted = null;
    this.#restart(rows[0]?.length ?? 0);
    const { window, networks, steps, seed, risk, onProgress } = this.#options;
    if (rows.length < BLOCKS * (window + HELD_EVERY)) return;
    const { mean, scale } = standardisation(rows);
    const judged = [...scale].filter((one) => one > 0).length;
    if (judged === 0) return;
    const standardised = rows.map((row) => standardise(row, mean, scale));
    const width = window * scale.length;
    const blockOf = (index: number): number => Math.floor((index * BLOCKS) / rows.length);
    const isHeld = (index: number): boolean => blockOf(index) % HELD_EVERY === HELD_EVERY - 1;
    const ends = rows
      .map((_, index) => index)
      .filter((index) => index >= window - 1 && blockOf(index) === blockOf(index - window + 1));
    const train = ends.filter((index) => !isHeld(index));
    const held = ends.filter(isHeld);
    const inputs = windowsOf(standardised, train, window);
    const hidden = sizesOf(width);
    const epochs = Math.max(1, Math.round((steps * BATCH) / train.length));
    let isStopped = false;
    const learned = Array.from({ length: networks }, (_, number) => {
      const first = initialNetwork(hidden, seed * 1000 + number);
      return isStopped
        ? first
        : trainToReconstruct(this.#backend, first, inputs, train.length, {
            epochs,
            batch: BATCH,
            learningRate: LEARNING_RATE,
            noise: NOISE,
            seed: seed * 1000 + number,
            onEpoch: (epoch) => {
              isStopped = onProgress?.((number + epoch / epochs) / networks) === false;
              return !isStopped;
            },
          });
    });
    if (isStopped) return;
    const errors = this.#errors(learned, standardised, held, window);
    const error = Float64Array.from(scale, (one, sensor) =>
      one === 0 ? 0 : Math.max(1e-3, Math.sqrt(meanOf(errors.map((row) => row[sensor] ?? 0)))),
    );
    const scores: number[] = [];
    let smoothed = new Float64Array(scale.length);
    let run = 0;
    for (const [place, index] of held.entries()) {
      if (place > 0 && held[place - 1] !== index - 1) [smoothed, run] = [new Float64Array(scale.length), 0];
      smooth(smoothed, errors[place] ?? new Float64Array(), error, run);
      run += 1;
      if (run > WARM_UP) scores.push(meanScore(smoothed, error));
    }
    const limit = limitOf(scores, risk);
    if (!(limit > 0)) return;
    this.#fitted = { window, mean, scale, error, limit, networks: learned };
  }

  next(row: Float64Array): Judgement {
    const fitted = this.#fitted;
    if (fitted === null || row.length !== fitted.mean.length) return { score: 0, ratio: 0, degraded: 'training-short' };
    const present = [...row].filter((value) => Number.isFinite(value)).length;
    if (present === 0) return { score: 0, ratio: 0, degraded: 'no-data' };
    const { window, mean, scale, error, limit, networks } = fitted;
    const own = standardise(row, mean, scale);
    this.#history.push(own);
    if (this.#history.length > window) this.#history.shift();
    if (this.#history.length < window) return { score: 0, ratio: 0, degraded: 'warm-up' };
    const input = window === 1 ? own : joined(this.#history);
    const output = averaged(networks.map((network) => forward(network, input))).subarray(input.length - own.length);
    const squared = Float64Array.from(own, (value, sensor) =>
      Number.isFinite(row[sensor] ?? Number.NaN) ? (value - (output[sensor] ?? 0)) ** 2 : 0,
    );
    smooth(this.#smoothed, squared, error, this.#seen);
    this.#seen += 1;
    this.#last = {
      row,
      expected: Float64Array.from(output, (value, sensor) => (mean[sensor] ?? 0) + value * (scale[sensor] ?? 0)),
    };
    const ratio = Math.sqrt(meanScore(this.#smoothed, error) / limit);
    const judgement = { score: calibrateRatio(ratio), ratio };
    if (this.#seen <= Math.min(WARM_UP, window + 2)) return { ...judgement, degraded: 'warm-up' };
    return present < row.length ? { ...judgement, degraded: 'sensor-missing' } : judgement;
  }

  explain(): readonly SensorPart[] {
    const last = this.#last;
    const total = this.#smoothed.reduce((sum, one) => sum + one, 0);
    if (last === null || !(total > 0)) return [];
    return [...this.#smoothed]
      .map((one, sensor) => ({
        sensor,
        share: one / total,
        value: last.row[sensor] ?? Number.NaN,
        expected: last.expected[sensor] ?? Number.NaN,
      }))
      .sort((a, b) => b.share - a.share);
  }

  save(): unknown {
    const fitted = this.#fitted;
    if (fitted === null) return { kind: KIND, fitted: null };
    const { window, mean, scale, error, limit, networks } = fitted;
    return {
      kind: KIND,
      fitted: {
        window,
        mean: [...mean],
        scale: [...scale],
        error: [...error],
        limit,
        networks: networks.map(saveNetwork),
      },
    };
  }

  load(saved: unknown): void {
    const state = saved as {
      readonly kind?: string;
      readonly fitted?: {
        readonly window: number;
        readonly mean: readonly number[];
        readonly scale: readonly number[];
        readonly error: readonly number[];
        readonly limit: number;
        readonly networks: readonly SavedNetwork[];
      } | null;
    } | null;
    if (state?.kind !== KIND || state.fitted === undefined)
      throw new JoulegateError('CONFIG_INVALID', 'model data is not of an autoencoder; train it anew');
    const { fitted } = state;
    this.#fitted =
      fitted === null
        ? null
        : {
            window: fitted.window,
            limit: fitted.limit,
            mean: Float64Array.from(fitted.mean),
            scale: Float64Array.from(fitted.scale),
            error: Float64Array.from(fitted.error),
            networks: fitted.networks.map(loadNetwork),
          };
    this.#restart(this.#fitted?.mean.length ?? 0);
  }

  #restart(sensors: number): void {
    this.#history = [];
    this.#smoothed = new Float64Array(sensors);
    this.#seen = 0;
    this.#last = null;
  }

  /** Squared errors per sensor of the last row of each window, on the tensor backend. */
  #errors(
    networks: readonly DenseNetwork[],
    rows: readonly Float32Array[],
    ends: readonly number[],
    window: number,
  ): Float64Array[] {
    const sensors = rows[0]?.length ?? 0;
    const errors: Float64Array[] = [];
    for (let begin = 0; begin < ends.length; begin += CHUNK) {
      const chunk = ends.slice(begin, begin + CHUNK);
      const inputs = windowsOf(rows, chunk, window);
      const outputs = averaged(networks.map((network) => forwardBatch(this.#backend, network, inputs, chunk.length)));
      for (const place of chunk.keys()) {
        const at = (place + 1) * window * sensors - sensors;
        errors.push(
          Float64Array.from(
            { length: sensors },
            (_, sensor) => ((inputs[at + sensor] ?? 0) - (outputs[at + sensor] ?? 0)) ** 2,
          ),
        );
      }
    }
    return errors;
  }
}

/**
 * The larger of two limits: the tail by peaks over threshold, and the prediction limit of a log-normal score for as many independent
 * scores as smoothed ones are worth (t distribution), which is the wider one where the held-out rows are few.
 */
function limitOf(scores: readonly number[], risk: number): number {
  const logs = scores.filter((score) => score > 0).map(Math.log);
  const independent = (logs.length * LAMBDA) / (2 - LAMBDA);
  const tail = tailLevel(scores, risk);
  if (independent < 3) return tail;
  const middle = meanOf(logs);
  const deviation = Math.sqrt(meanOf(logs.map((log) => (log - middle) ** 2)));
  const quantile = Math.sqrt(fQuantile(2 * risk, 1, independent - 1));
  return Math.max(tail, Math.exp(middle + quantile * deviation * Math.sqrt(1 + 1 / independent)));
}

/** Wide, narrow, wide: the narrow layer has a quarter of the inputs, 2 to 16. */
function sizesOf(width: number): number[] {
  const wide = Math.min(64, Math.max(8, 2 * width));
  const narrow = Math.min(16, Math.max(2, Math.ceil(width / 4)));
  return [width, wide, narrow, wide, width];
}

function standardisation(rows: readonly Float64Array[]): { readonly mean: Float64Array; readonly scale: Float64Array } {
  const sensors = rows[0]?.length ?? 0;
  const mean = new Float64Array(sensors);
  const scale = new Float64Array(sensors);
  for (let sensor = 0; sensor < sensors; sensor += 1) {
    const values = rows.map((row) => row[sensor] ?? Number.NaN).filter((value) => Number.isFinite(value));
    if (values.length < rows.length / 2) continue;
    const middle = meanOf(values);
    const deviation = Math.sqrt(meanOf(values.map((value) => (value - middle) ** 2)));
    mean[sensor] = middle;
    scale[sensor] = deviation > 1e-9 * Math.max(1, Math.abs(middle)) ? deviation : 0;
  }
  return { mean, scale };
}

/** Beyond ±10 deviations a value says no more than that it is far away. */
function standardise(row: Float64Array, mean: Float64Array, scale: Float64Array): Float32Array {
  return Float32Array.from(row, (value, sensor) => {
    const one = scale[sensor] ?? 0;
    if (one === 0 || !Number.isFinite(value)) return 0;
    return Math.max(-10, Math.min(10, (value - (mean[sensor] ?? 0)) / one));
  });
}

/** Exponential smoothing of squared errors in units of the normal error; the first row starts it. */
function smooth(smoothed: Float64Array, squared: Float64Array, error: Float64Array, seen: number): void {
  const weight = Math.max(LAMBDA, 1 / (seen + 1));
  for (const [sensor, normal] of error.entries()) {
    const one = normal === 0 ? 0 : (squared[sensor] ?? 0) / normal ** 2;
    smoothed[sensor] = (1 - weight) * (smoothed[sensor] ?? 0) + weight * one;
  }
}

const meanScore = (smoothed: Float64Array, error: Float64Array): number =>
  smoothed.reduce((sum, one) => sum + one, 0) / Math.max(1, error.filter((one) => one > 0).length);

function windowsOf(rows: readonly Float32Array[], ends: readonly number[], window: number): Float32Array {
  const sensors = rows[0]?.length ?? 0;
  const inputs = new Float32Array(ends.length * window * sensors);
  for (const [place, end] of ends.entries())
    for (let back = 0; back < window; back += 1)
      inputs.set(rows[end - window + 1 + back] ?? [], (place * window + back) * sensors);
  return inputs;
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const sensors = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * sensors);
  for (const [index, row] of rows.entries()) all.set(row, index * sensors);
  return all;
}

function averaged(outputs: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(outputs[0]?.length ?? 0);
  for (const output of outputs) for (const [index, value] of output.entries()) sum[index] = (sum[index] ?? 0) + value;
  return sum.map((value) => value / outputs.length);
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
