import { JoulegateError } from '../../broker/contract/error.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { calibrateRatio, type Detector, type Judgement, type SensorPart } from './detector.ts';
import { RunningMoments } from './running-moments.ts';

/** As published: 25 trees of depth 15 and windows of 250 rows; a smaller depth does for a few dozen sensors. */
const TREES = 25;
const DEPTH = 8;
const WINDOW = 250;
const NODES = 2 ** (DEPTH + 1) - 1;
/** A leaf with fewer rows than this share of the window is not gone below. */
const SMALL_LEAF = 0.1;
const RISK = 1e-3;
const MODULUS = 2 ** 32;

type Tree = {
  readonly sensors: Uint16Array;
  readonly cuts: Float64Array;
  reference: Float64Array;
  latest: Float64Array;
};

/**
 * Streaming half-space trees (Tan, Ting & Liu, IJCAI 2011): random cuts of the working range, the mass of rows in a leaf during the
 * last window against where a row falls now. Needs no training, one pass, constant memory; the same seed gives the same trees.
 */
export class HalfSpaceTrees implements Detector {
  readonly #seed: number;
  #trees: Tree[] = [];
  #scales: RunningMoments[] = [];
  #seen = 0;
  #limit = new AdaptiveLimit(RISK, 1e-6);
  #row: Float64Array = new Float64Array();

  constructor(seed = 1) {
    this.#seed = seed;
  }

  fit(rows: readonly Float64Array[]): void {
    this.#trees = [];
    this.#scales = [];
    this.#seen = 0;
    this.#limit = new AdaptiveLimit(RISK, 1e-6);
    for (const row of rows) this.next(row);
  }

  next(row: Float64Array): Judgement {
    if (!row.some(Number.isFinite)) return { score: 0, ratio: 0, degraded: 'no-data' };
    if (this.#trees.length === 0) this.#grow(row.length);
    this.#row = row;
    const place = this.#place(row);
    let mass = 0;
    for (const tree of this.#trees) mass += passDown(tree, place);
    this.#seen += 1;
    if (this.#seen % WINDOW === 0) {
      for (const tree of this.#trees) [tree.reference, tree.latest] = [tree.latest, new Float64Array(NODES)];
    }
    // The rows of the first window only fill the trees.
    if (this.#seen <= WINDOW) return { score: 0, ratio: 0, degraded: 'warm-up' };
    const surprise = 1 - mass / (TREES * WINDOW * 2 ** DEPTH);
    const statistic = -Math.log(Math.max(1e-12, 1 - surprise));
    const { limit } = this.#limit;
    this.#limit.add(statistic);
    if (!Number.isFinite(limit)) return { score: 0, ratio: 0, degraded: 'warm-up' };
    const judged = { score: calibrateRatio(statistic / limit), ratio: statistic / limit };
    return row.every(Number.isFinite) ? judged : { ...judged, degraded: 'sensor-missing' };
  }

  /** Shares by how far each sensor lies from its mean. */
  explain(): readonly SensorPart[] {
    const parts = this.#scales.map(({ mean, spread }, sensor) => {
      const value = this.#row[sensor] ?? Number.NaN;
      return Number.isFinite(value) && spread > 0 ? ((value - mean) / spread) ** 2 : 0;
    });
    const total = parts.reduce((sum, part) => sum + part, 0);
    return parts
      .map((part, sensor) => ({
        sensor,
        share: total > 0 ? part / total : 1 / parts.length,
        value: this.#row[sensor] ?? Number.NaN,
        expected: this.#scales[sensor]?.mean ?? Number.NaN,
      }))
      .sort((a, b) => b.share - a.share);
  }

  save(): unknown {
    return {
      kind: 'half-space-trees',
      sensors: this.#scales.length,
      seen: this.#seen,
      limit: this.#limit.save(),
      scales: this.#scales.map((scale) => scale.save()),
      masses: this.#trees.map(({ reference, latest }) => [[...reference], [...latest]]),
    };
  }

  load(saved: unknown): void {
    const state = saved as {
      readonly kind?: string;
      readonly sensors: number;
      readonly seen: number;
      readonly limit: readonly number[];
      readonly scales: readonly (readonly number[])[];
      readonly masses: readonly (readonly (readonly number[])[])[];
    } | null;
    if (state?.kind !== 'half-space-trees') {
      throw new JoulegateError('CONFIG_INVALID', 'model data is not of the detector "half-space-trees"; start it anew');
    }
    this.fit([]);
    if (state.masses.length === 0) return;
    this.#grow(state.sensors);
    this.#trees.forEach((tree, index) => {
      tree.reference = Float64Array.from(state.masses[index]?.[0] ?? []);
      tree.latest = Float64Array.from(state.masses[index]?.[1] ?? []);
    });
    this.#scales = state.scales.map((scale) => RunningMoments.from(scale));
    this.#seen = state.seen;
    this.#limit.load(state.limit);
  }

  #grow(sensors: number): void {
    let state = this.#seed >>> 0;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / MODULUS;
    };
    this.#scales = Array.from({ length: sensors }, () => new RunningMoments(Number.POSITIVE_INFINITY));
    this.#trees = Array.from({ length: TREES }, () => growTree(sensors, random));
  }

  /** The row in the working range: four spreads about the mean are 0 to 1. A missing value lies in the middle. */
  #place(row: Float64Array): Float64Array {
    return row.map((value, sensor) => {
      const scale = this.#scales[sensor];
      if (scale === undefined || !Number.isFinite(value)) return 0.5;
      const placed = scale.spread > 0 ? 0.5 + (value - scale.mean) / (8 * scale.spread) : 0.5;
      scale.add(value);
      return Math.max(0, Math.min(1, placed));
    });
  }
}

/** Cuts each node's range of one random sensor at its middle; the working range starts at a random place (section 3 there). */
function growTree(sensors: number, random: () => number): Tree {
  const chosen = new Uint16Array(NODES);
  const cuts = new Float64Array(NODES);
  const start = Array.from({ length: sensors }, () => {
    const middle = random();
    const half = 2 * Math.max(middle, 1 - middle);
    return [middle - half, middle + half] as const;
  });
  const split = (node: number, ranges: readonly (readonly [number, number])[]): void => {
    if (node >= NODES) return;
    const sensor = Math.min(sensors - 1, Math.floor(random() * sensors));
    const [low, high] = ranges[sensor] ?? [0, 1];
    const middle = (low + high) / 2;
    chosen[node] = sensor;
    cuts[node] = middle;
    split(
      2 * node + 1,
      ranges.map((range, index) => (index === sensor ? [low, middle] : range)),
    );
    split(
      2 * node + 2,
      ranges.map((range, index) => (index === sensor ? [middle, high] : range)),
    );
  };
  split(0, start);
  return { sensors: chosen, cuts, reference: new Float64Array(NODES), latest: new Float64Array(NODES) };
}

/** Counts the row on its way down; mass of the leaf it ends in, times 2 to the leaf's depth. */
function passDown({ sensors, cuts, reference, latest }: Tree, place: Float64Array): number {
  let mass = -1;
  let node = 0;
  for (let depth = 0; depth <= DEPTH; depth += 1) {
    latest[node] = (latest[node] ?? 0) + 1;
    if (mass < 0 && (depth === DEPTH || (reference[node] ?? 0) <= SMALL_LEAF * WINDOW)) {
      mass = (reference[node] ?? 0) * 2 ** depth;
    }
    node = 2 * node + ((place[sensors[node] ?? 0] ?? 0.5) < (cuts[node] ?? 0) ? 1 : 2);
  }
  return mass;
}
