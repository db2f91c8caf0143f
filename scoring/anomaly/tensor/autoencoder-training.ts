import { tailLevel } from '../tail.ts';
import { WARM_UP_ROWS } from '../machine-model.ts';
import {
  InputWindow,
  Reconstruction,
  scalingOf,
  SmoothedError,
  type AutoencoderKind,
  type SavedAutoencoder,
  type Scaling,
} from './autoencoder-model.ts';
import type { TensorBackend } from './backend.ts';
import { saveNetwork, type Network } from './network.ts';
import { trainNetwork } from './tensor-network.ts';

export type AutoencoderOptions = {
  readonly shape: AutoencoderKind;
  readonly seed: number;
  /** Networks; each holds another block of the rows out, and has another seed. At least 2. */
  readonly members: number;
  /** Gradient steps of each member. */
  readonly steps: number;
  /** Probability that a row of a healthy machine is above the limit. */
  readonly exceedance: number;
  /** Told after every step; false cancels the training. */
  readonly onStep: (progress: TrainingProgress) => boolean;
};

export type TrainingProgress = {
  readonly member: number;
  readonly members: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
};

export type TrainingMetrics = {
  /** Rows the limit was found on, none of them seen by the member that judged it. */
  readonly heldOutRows: number;
  /** Mean squared standardised error on held-out rows; 1 is what the plain mean reaches. */
  readonly heldOutError: number;
  /** Mean squared error of the last steps on training rows. */
  readonly trainingError: number;
  readonly limit: number;
  /** Share of held-out rows above the limit, and how many times it was crossed upwards. */
  readonly heldOutAbove: number;
  readonly heldOutCrossings: number;
};

export type AutoencoderTraining =
  | { readonly kind: 'trained'; readonly model: SavedAutoencoder; readonly metrics: TrainingMetrics }
  | { readonly kind: 'not-trained'; readonly reason: 'too-few-rows' | 'too-few-sensors' | 'cancelled' };

export const defaultAutoencoder: AutoencoderOptions = {
  shape: 'dense',
  seed: 1,
  members: 4,
  steps: 800,
  exceedance: 0.01,
  onStep: () => true,
};

/** Fewer rows than this and the held-out blocks tell nothing. */
export const LEAST_ROWS = 400;
/** With fewer sensors there is nothing that one could tell about another. */
export const LEAST_SENSORS = 3;
const TEMPORAL_ROWS = 8;
const BATCH_ROWS = 128;
const LEARNING_RATE = 3e-3;
/** Held-out blocks are part of the same weeks; later ones bring a little more than their tail tells. */
const MARGIN = 1.15;
const LAST_STEPS = 50;

/**
 * Trains the members in turn on rows taken to be normal, oldest first, and sets the limit from the block of rows that each
 * of them has never seen (cross-fitting): the training error of an autoencoder says nothing about normal rows to come.
 */
export function trainAutoencoder(
  backend: TensorBackend,
  rows: readonly Float64Array[],
  asked: Partial<AutoencoderOptions> = {},
): AutoencoderTraining {
  const options = { ...defaultAutoencoder, ...asked };
  const sensors = rows[0]?.length ?? 0;
  if (rows.length < LEAST_ROWS) return { kind: 'not-trained', reason: 'too-few-rows' };
  const seen = Array.from({ length: sensors }, (_, sensor) => rows.some((row) => Number.isFinite(row[sensor])));
  if (seen.filter(Boolean).length < LEAST_SENSORS) return { kind: 'not-trained', reason: 'too-few-sensors' };
  const scaling = scalingOf(rows, options.shape === 'dense' ? 1 : TEMPORAL_ROWS);
  const windows = windowsOf(rows, scaling);
  const networks: Network[] = [];
  const losses: number[] = [];
  for (let member = 0; member < options.members; member += 1) {
    const trained = trainMember(backend, { windows, scaling, options, member, rows: rows.length });
    if (trained === null) return { kind: 'not-trained', reason: 'cancelled' };
    networks.push(trained.network);
    losses.push(trained.loss);
  }
  const held = networks.map((network, member) => {
    const [from, to] = blockOf(member, options.members, rows.length);
    return heldOutErrors(rows.slice(from, to), scaling, network);
  });
  const allHeld = held.flat();
  const usualError = seen.map((known, sensor) => (known ? meanOf(allHeld, sensor) : null));
  const statistics = held.map((errors) => {
    const smoothed = new SmoothedError(usualError);
    return errors.map((error) => smoothed.next(error)).slice(WARM_UP_ROWS);
  });
  const flat = statistics.flat();
  const limit = tailLevel(flat, options.exceedance) * MARGIN;
  const known = usualError.filter((error) => error !== null);
  return {
    kind: 'trained',
    model: {
      kind: 'autoencoder',
      version: 1,
      shape: options.shape,
      ...scaling,
      trainedRows: rows.length,
      seed: options.seed,
      usualError,
      limit,
      members: networks.map(saveNetwork),
    },
    metrics: {
      heldOutRows: flat.length,
      heldOutError: known.reduce((sum, error) => sum + error, 0) / known.length,
      trainingError: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
      limit,
      heldOutAbove: flat.filter((value) => value > limit).length / Math.max(1, flat.length),
      heldOutCrossings: statistics.reduce((sum, values) => sum + crossings(values, limit), 0),
    },
  };
}

/** Widths of the layers for a number of inputs; the narrow one is about a third of a row, an eighth of a window. */
export function layerSizes(inputs: number, shape: AutoencoderKind): readonly number[] {
  const within = (value: number, least: number, most: number) => Math.max(least, Math.min(most, Math.round(value)));
  const [wide, narrow] =
    shape === 'dense'
      ? [within(4 * inputs, 16, 64), within(inputs / 3, 1, 16)]
      : [within(inputs / 2, 16, 96), within(inputs / 8, 2, 24)];
  return [inputs, wide, narrow, wide, inputs];
}

type Windows = { readonly values: Float32Array; readonly known: Float32Array };

/** The window that ends at each row, one after the other. */
function windowsOf(rows: readonly Float64Array[], scaling: Scaling): Windows {
  const window = new InputWindow(scaling);
  const width = window.values.length;
  const values = new Float32Array(rows.length * width);
  const known = new Float32Array(rows.length * width);
  rows.forEach((row, index) => {
    window.push(row);
    values.set(window.values, index * width);
    known.set(window.known, index * width);
  });
  return { values, known };
}

const blockOf = (member: number, members: number, rows: number): readonly [number, number] => [
  Math.floor((member * rows) / members),
  Math.floor(((member + 1) * rows) / members),
];

type Member = {
  readonly windows: Windows;
  readonly scaling: Scaling;
  readonly options: AutoencoderOptions;
  readonly member: number;
  readonly rows: number;
};

function trainMember(
  backend: TensorBackend,
  { windows, scaling, options, member, rows }: Member,
): { readonly network: Network; readonly loss: number } | null {
  const width = scaling.windowRows * scaling.center.length;
  const [from, to] = blockOf(member, options.members, rows);
  const { members, steps } = options;
  const lastLosses: number[] = [];
  let cancelled = false;
  // A window that reaches into the held-out block would show it to the member.
  const after = Math.min(rows, to + scaling.windowRows - 1);
  const without = (all: Float32Array): Float32Array => {
    const kept = new Float32Array((from + rows - after) * width);
    kept.set(all.subarray(0, from * width));
    kept.set(all.subarray(after * width), from * width);
    return kept;
  };
  const network = trainNetwork(backend, {
    sizes: layerSizes(width, options.shape),
    inputs: without(windows.values),
    known: without(windows.known),
    seed: options.seed * 1000 + member,
    steps,
    batchRows: BATCH_ROWS,
    learningRate: LEARNING_RATE,
    onStep: (step, loss) => {
      if (step > steps - LAST_STEPS) lastLosses.push(loss);
      cancelled = !options.onStep({ member, members, step, steps, loss });
      return !cancelled;
    },
  });
  if (cancelled) return null;
  return { network, loss: lastLosses.reduce((sum, loss) => sum + loss, 0) / lastLosses.length };
}

function heldOutErrors(rows: readonly Float64Array[], scaling: Scaling, network: Network): Float64Array[] {
  const window = new InputWindow(scaling);
  const reconstruction = new Reconstruction(scaling, [network]);
  const errors: Float64Array[] = [];
  for (const row of rows) {
    window.push(row);
    if (!window.full) continue;
    reconstruction.judge(window);
    errors.push(Float64Array.from(reconstruction.errors));
  }
  return errors;
}

function meanOf(errors: readonly Float64Array[], sensor: number): number {
  let sum = 0;
  let count = 0;
  for (const error of errors) {
    const value = error[sensor] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? 1 : sum / count;
}

function crossings(values: readonly number[], limit: number): number {
  return values.filter((value, index) => value > limit && !((values[index - 1] ?? 0) > limit)).length;
}
