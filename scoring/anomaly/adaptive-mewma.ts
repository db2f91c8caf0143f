import { JoulegateError } from '../../broker/contract/error.ts';
import { calibrateRatio, type Detector, type Judgement, type SensorPart } from './detector.ts';
import { cholesky } from './linear.ts';
import { hotelling, WARM_UP_ROWS } from './machine-model.ts';
import { lastThree } from './spot.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';

/** Rows the short and the long memory reach back. */
const MEMORIES = [200, 1440] as const;
/** Smoothing of the judged row. */
const SMOOTHING = 0.2;
const SHRINKAGE = 0.9;
/** The factor of the covariance is renewed after this many rows. */
const REFACTOR_ROWS = 20;
/** sqrt(T²/p) below this is no limit: it is what every row has. */
const LEAST_LIMIT = 1;
const DEFAULT_RISK = 1e-3;
/** A row moves the baseline by at most this many spreads, so that a fault is not learnt at once. */
const CLAMP = 2;

type Memory = {
  readonly reach: number;
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
  factor: Float64Array | null;
};

type Saved = {
  readonly kind: 'adaptive-mewma';
  readonly size: number;
  readonly seen: number;
  readonly limit: readonly number[];
  readonly smoothed: readonly number[];
  readonly memories: readonly { readonly mean: readonly number[]; readonly covariance: readonly number[] }[];
};

/**
 * Needs no training: T² of the smoothed row against exponentially forgetting means and covariances of a short and a long
 * memory (Lowry et al. 1992 on a forgetting baseline), joined by their geometric mean. The limit
 * follows the statistic, see AdaptiveLimit.
 */
export class AdaptiveMewma implements Detector {
  readonly #exceedance: number;
  readonly #least: number;
  #follow: AdaptiveLimit;
  #memories: Memory[] = [];
  #lastThree = lastThree();
  #smoothed = new Float64Array();
  #row: Float64Array = new Float64Array();
  #weighted = new Float64Array();
  #seen = 0;

  /** `risk`: episodes per row of a healthy machine, stated by an operator; null takes 1e-3 and never a limit below 1. */
  constructor(risk: number | null = null) {
    this.#exceedance = risk ?? DEFAULT_RISK;
    this.#least = risk === null ? LEAST_LIMIT : 0.01;
    this.#follow = new AdaptiveLimit(this.#exceedance, this.#least);
  }

  fit(rows: readonly Float64Array[]): void {
    this.#memories = [];
    this.#lastThree = lastThree();
    this.#follow = new AdaptiveLimit(this.#exceedance, this.#least);
    this.#seen = 0;
    for (const row of rows) this.next(row);
  }

  next(row: Float64Array): Judgement {
    if (!row.some(Number.isFinite)) return { score: 0, ratio: 0, degraded: 'no-data' };
    if (this.#memories.length === 0) this.#begin(row);
    this.#row = row;
    this.#seen += 1;
    const missing = this.#smooth(row);
    let statistic = 1;
    for (const memory of this.#memories) {
      if (memory.factor === null || this.#seen % REFACTOR_ROWS === 0) memory.factor = factorOf(memory);
      const own = memory.factor === null ? 0 : hotelling(this.#smoothed, memory.mean, memory.factor, this.#weighted);
      statistic *= own ** (1 / this.#memories.length);
    }
    for (const memory of this.#memories) this.#learn(memory, row);
    if (this.#seen <= WARM_UP_ROWS) return { score: 0, ratio: 0, degraded: 'warm-up' };
    const { limit } = this.#follow;
    const ratio = statistic / limit;
    this.#follow.add(this.#lastThree(statistic));
    if (!Number.isFinite(limit) || !Number.isFinite(ratio)) return { score: 0, ratio: 0, degraded: 'warm-up' };
    const judged = { score: calibrateRatio(ratio), ratio };
    return missing ? { ...judged, degraded: 'sensor-missing' } : judged;
  }

  explain(): readonly SensorPart[] {
    const mean = this.#memories.at(-1)?.mean;
    if (mean === undefined) return [];
    const parts = [...this.#smoothed].map((value, sensor) =>
      Math.max(0, (value - (mean[sensor] ?? 0)) * (this.#weighted[sensor] ?? 0)),
    );
    const total = parts.reduce((sum, part) => sum + part, 0);
    return parts
      .map((part, sensor) => ({
        sensor,
        share: total > 0 ? part / total : 1 / parts.length,
        value: this.#row[sensor] ?? Number.NaN,
        expected: mean[sensor] ?? Number.NaN,
      }))
      .sort((a, b) => b.share - a.share);
  }

  save(): unknown {
    const saved: Saved = {
      kind: 'adaptive-mewma',
      size: this.#smoothed.length,
      seen: this.#seen,
      limit: this.#follow.save(),
      smoothed: [...this.#smoothed],
      memories: this.#memories.map(({ mean, covariance }) => ({ mean: [...mean], covariance: [...covariance] })),
    };
    return saved;
  }

  load(saved: unknown): void {
    const state = saved as Partial<Saved> | null;
    if (state?.kind !== 'adaptive-mewma' || state.memories === undefined || state.limit === undefined) {
      throw new JoulegateError('CONFIG_INVALID', 'model data is not of the detector "adaptive-mewma"; start it anew');
    }
    this.#seen = state.seen ?? 0;
    this.#follow.load(state.limit);
    this.#smoothed = Float64Array.from(state.smoothed ?? []);
    this.#weighted = new Float64Array(this.#smoothed.length);
    this.#memories = state.memories.map(({ mean, covariance }, index) => {
      const memory: Memory = {
        reach: MEMORIES[index] ?? MEMORIES[0],
        mean: Float64Array.from(mean),
        covariance: Float64Array.from(covariance),
        factor: null,
      };
      return { ...memory, factor: factorOf(memory) };
    });
  }

  #begin(row: Float64Array): void {
    const start = row.map((value) => (Number.isFinite(value) ? value : 0));
    this.#smoothed = Float64Array.from(start);
    this.#weighted = new Float64Array(row.length);
    this.#memories = MEMORIES.map((reach) => ({
      reach,
      mean: Float64Array.from(start),
      covariance: new Float64Array(row.length * row.length),
      factor: null,
    }));
  }

  #smooth(row: Float64Array): boolean {
    let missing = false;
    for (let i = 0; i < this.#smoothed.length; i += 1) {
      const value = row[i] ?? Number.NaN;
      if (!Number.isFinite(value)) missing = true;
      else this.#smoothed[i] = (this.#smoothed[i] ?? 0) + SMOOTHING * (value - (this.#smoothed[i] ?? 0));
    }
    return missing;
  }

  #learn(memory: Memory, row: Float64Array): void {
    const size = memory.mean.length;
    const weight = 1 / Math.min(memory.reach, this.#seen + 1);
    const settled = this.#seen > WARM_UP_ROWS;
    const step = new Float64Array(size);
    for (let i = 0; i < size; i += 1) {
      const value = row[i] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      const away = value - (memory.mean[i] ?? 0);
      const reach = CLAMP * Math.sqrt(memory.covariance[i * size + i] ?? 0);
      step[i] = settled && reach > 0 ? Math.max(-reach, Math.min(reach, away)) : away;
    }
    for (let i = 0; i < size; i += 1) {
      memory.mean[i] = (memory.mean[i] ?? 0) + weight * (step[i] ?? 0);
      for (let j = 0; j < size; j += 1) {
        const index = i * size + j;
        const before = memory.covariance[index] ?? 0;
        memory.covariance[index] = before + weight * ((step[i] ?? 0) * (step[j] ?? 0) - before);
      }
    }
  }
}

/** Cholesky factor of the shrunk covariance; a sensor that does not move gets a small spread of its own. */
function factorOf({
  mean,
  covariance,
}: {
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
}): Float64Array | null {
  const size = mean.length;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) {
      const index = i * size + j;
      const floor = 1e-8 + (1e-4 * Math.abs(mean[i] ?? 0)) ** 2;
      matrix[index] = i === j ? (covariance[index] ?? 0) + floor : (covariance[index] ?? 0) * SHRINKAGE;
    }
  }
  return cholesky(matrix, size);
}
