import { JoulegateError } from '../../../broker/contract/error.ts';
import { EWMA_WEIGHT } from '../machine-model.ts';
import { createLayers, forward, loadNetwork, type Network, type SavedNetwork } from './network.ts';

/** `dense` judges a row by itself, `temporal` a window of the latest rows. */
export type AutoencoderKind = 'dense' | 'temporal';

/** A trained autoencoder as plain JSON. Members differ in their seed and in the block of rows that they never saw. */
export type SavedAutoencoder = {
  readonly kind: 'autoencoder';
  readonly version: 1;
  readonly shape: AutoencoderKind;
  /** Rows a judgement looks at, the newest included. */
  readonly windowRows: number;
  readonly trainedRows: number;
  readonly seed: number;
  readonly center: readonly number[];
  readonly spread: readonly number[];
  /** Mean squared standardised error per sensor on rows that were held out; null: never seen in training, left out. */
  readonly usualError: readonly (number | null)[];
  /** Statistic that the alarm budget allows. */
  readonly limit: number;
  readonly members: readonly SavedNetwork[];
};

export type Scaling = Pick<SavedAutoencoder, 'windowRows' | 'center' | 'spread'>;

/** A standardised value counts at most this much, so that one wild value cannot drown the rest. */
const CLAMP = 10;
/** A sensor that is reproduced better than this is judged as if it were not. */
const LEAST_ERROR = 0.05;

/** Location and scale of every sensor from rows that are taken to be normal; NaN is left out. */
export function scalingOf(rows: readonly Float64Array[], windowRows: number): Scaling {
  const size = rows[0]?.length ?? 0;
  const center: number[] = [];
  const spread: number[] = [];
  for (let sensor = 0; sensor < size; sensor += 1) {
    const values = rows.map((row) => row[sensor] ?? Number.NaN).filter(Number.isFinite);
    const mean = values.reduce((sum, value) => sum + value / values.length, 0);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0));
    center.push(mean);
    // A constant sensor has no scale of its own: a thousandth of its value is a change.
    spread.push(deviation > 1e-9 * Math.abs(mean) ? deviation : Math.max(1e-3 * Math.abs(mean), 1e-6));
  }
  return { windowRows, center, spread };
}

/** The latest rows, standardised, as a network's input. A missing value stands as 0, the mean, and is marked unknown. */
export class InputWindow {
  readonly #scaling: Scaling;
  readonly values: Float32Array;
  readonly known: Float32Array;
  #seen = 0;

  constructor(scaling: Scaling) {
    this.#scaling = scaling;
    this.values = new Float32Array(scaling.windowRows * scaling.center.length);
    this.known = new Float32Array(this.values.length);
  }

  get full(): boolean {
    return this.#seen >= this.#scaling.windowRows;
  }

  /** Goes on from what a window held after `seen` rows. */
  resume({
    values,
    known,
    seen,
  }: {
    readonly values: readonly number[];
    readonly known: readonly number[];
    readonly seen: number;
  }): void {
    this.values.set(values);
    this.known.set(known);
    this.#seen = seen;
  }

  /** Takes the next row in, newest last; number of its missing values. */
  push(row: Float64Array): number {
    const { center, spread } = this.#scaling;
    const size = center.length;
    const start = this.values.length - size;
    this.values.copyWithin(0, size);
    this.known.copyWithin(0, size);
    this.#seen += 1;
    let missing = 0;
    for (let sensor = 0; sensor < size; sensor += 1) {
      const value = ((row[sensor] ?? Number.NaN) - (center[sensor] ?? 0)) / (spread[sensor] ?? 1);
      const present = Number.isFinite(value);
      if (!present) missing += 1;
      this.values[start + sensor] = present ? Math.max(-CLAMP, Math.min(CLAMP, value)) : 0;
      this.known[start + sensor] = present ? 1 : 0;
    }
    return missing;
  }
}

/** How badly networks reproduce a window, sensor by sensor, averaged over the networks. */
export class Reconstruction {
  readonly #scaling: Scaling;
  readonly #networks: readonly Network[];
  readonly #layers: readonly Float32Array[];
  /** Mean squared standardised error of each sensor; NaN where the window has no value of it. */
  readonly errors: Float64Array;
  /** Standardised expectation for the newest row. */
  readonly expected: Float64Array;

  /** @throws JoulegateError CONFIG_INVALID when a network does not fit the sensors. */
  constructor(scaling: Scaling, networks: readonly Network[]) {
    const width = scaling.windowRows * scaling.center.length;
    if (networks.length === 0 || networks.some(({ sizes }) => sizes[0] !== width || sizes.at(-1) !== width)) {
      throw new JoulegateError('CONFIG_INVALID', `no network for ${width} inputs in the model data; train it anew`);
    }
    this.#scaling = scaling;
    this.#networks = networks;
    this.#layers = createLayers(networks[0]?.sizes ?? []);
    this.errors = new Float64Array(scaling.center.length);
    this.expected = new Float64Array(scaling.center.length);
  }

  judge({ values, known }: InputWindow): void {
    const size = this.errors.length;
    const newest = values.length - size;
    const share = 1 / this.#networks.length;
    this.errors.fill(0);
    this.expected.fill(0);
    for (const network of this.#networks) {
      this.#layers[0]?.set(values);
      const answer = forward(network, this.#layers);
      for (let index = 0; index < values.length; index += 1) {
        const error = (answer[index] as number) - (values[index] as number);
        if (known[index] === 1)
          this.errors[index % size] = (this.errors[index % size] as number) + share * error * error;
        if (index >= newest)
          this.expected[index - newest] = (this.expected[index - newest] as number) + share * (answer[index] as number);
      }
    }
    for (let sensor = 0; sensor < size; sensor += 1) {
      let count = 0;
      for (let at = sensor; at < known.length; at += size) count += known[at] as number;
      this.errors[sensor] = (this.errors[sensor] as number) / (count === 0 ? Number.NaN : count);
    }
  }

  /** What the networks expected sensor number `sensor` to be, in its own unit. */
  expectedValue(sensor: number): number {
    const { center, spread } = this.#scaling;
    return (center[sensor] ?? 0) + (this.expected[sensor] ?? 0) * (spread[sensor] ?? 1);
  }
}

/** Smoothed error of each sensor in parts of its usual error, and the statistic they make. */
export class SmoothedError {
  readonly #usual: readonly (number | null)[];
  readonly parts: Float64Array;

  constructor(usual: readonly (number | null)[]) {
    this.#usual = usual;
    this.parts = new Float64Array(usual.length).fill(1);
  }

  /** Takes errors in (EWMA, λ 0.1); a missing one leaves its sensor as it is. Root of the mean part; 1 is usual. */
  next(errors: Float64Array): number {
    let sum = 0;
    let count = 0;
    for (let sensor = 0; sensor < this.parts.length; sensor += 1) {
      const usual = this.#usual[sensor] ?? null;
      if (usual === null) continue;
      const error = errors[sensor] as number;
      const before = this.parts[sensor] as number;
      const after = Number.isNaN(error)
        ? before
        : before + EWMA_WEIGHT * (error / Math.max(usual, LEAST_ERROR) - before);
      this.parts[sensor] = after;
      sum += after;
      count += 1;
    }
    return count === 0 ? 0 : Math.sqrt(sum / count);
  }
}

/** Checks model data. @throws JoulegateError CONFIG_INVALID when it is not of this detector. */
export function readSaved(saved: unknown): { readonly model: SavedAutoencoder; readonly networks: readonly Network[] } {
  const model = Object(saved) as Partial<SavedAutoencoder>;
  const size = model.center?.length ?? 0;
  const fits =
    model.kind === 'autoencoder' &&
    model.version === 1 &&
    size > 0 &&
    model.spread?.length === size &&
    model.usualError?.length === size &&
    Number.isFinite(model.limit) &&
    Array.isArray(model.members);
  if (!fits) {
    throw new JoulegateError('CONFIG_INVALID', 'model data is not of the detector "autoencoder"; train it anew');
  }
  const whole = model as SavedAutoencoder;
  return { model: whole, networks: whole.members.map(loadNetwork) };
}
