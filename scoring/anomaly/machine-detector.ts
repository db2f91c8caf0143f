import { EpisodeTracker } from './episode-tracker.ts';
import { FEATURES, LoadFeatures } from './load-features.ts';
import {
  EWMA_WEIGHT,
  WARM_UP_ROWS,
  hotelling,
  predict,
  standardise,
  targetOf,
  type MachineModel,
} from './machine-model.ts';
import type { Context, MachineRow } from './machine-row.ts';
import type { Judgement, SensorPart } from './detector.ts';
import { YoungMachine } from './young-machine.ts';
import { ELEVATED_SCORE, type AnomalyScore, type Contribution, type NoScoreReason } from './score.ts';

/** More missing rows than this, and the machine is judged anew after a wait. */
const MAX_MISSING_ROWS = 2;
/** The wait after a gap is five times the gap, at most this. */
const LONGEST_WAIT_ROWS = 240;
/** Equal values in a row that make a sensor stuck, whatever it did in training. */
const MIN_FLAT_ROWS = 15;
/** A sensor is stuck after this many times its longest flat run of training. */
const FLAT_FACTOR = 3;
/** Ratio given to a stuck sensor: a clear alarm, below what a gross fault reaches. */
const FLAT_RATIO = 1.3;

/** The live statistic alone is an alarm from so many times its limit on, whatever a trained model says. */
const SILENCED_AT = 2;

/** What a detector remembers of the latest rows, so that a restart does not make it wait anew. */
export type DetectorMemory = {
  readonly model: string;
  readonly lastAt: number;
  readonly seen: number;
  readonly smoothed: readonly number[];
  readonly load: readonly number[];
  /** Of a machine without a model. */
  readonly young?: unknown;
};

/** In place of a model's id, where the detector without training has judged. */
export const TRAINING_FREE = 'training-free';

export type ScoredRow = { readonly score: AnomalyScore; readonly step: 'none' | 'start' | 'on' | 'end' };

/** Score in [0,1) of a statistic divided by its limit; 0.99 at the limit on every machine. */
export function calibrate(ratio: number): number {
  return 1 - 0.01 ** (ratio * ratio);
}

/** Scores the rows of one machine in order; has a memory of some rows, no clock and no I/O. */
export class MachineDetector {
  readonly #path: string;
  readonly #sensors: readonly string[];
  readonly #units: readonly (string | undefined)[];
  readonly #rowIntervalMs: number;
  readonly #load = new LoadFeatures();
  readonly #features = new Float64Array(FEATURES);
  readonly #episode = new EpisodeTracker();
  #model: MachineModel | null = null;
  #young: YoungMachine | null;
  #factor = new Float64Array();
  #smoothed = new Float64Array();
  #expected = new Float64Array();
  #flat: number[] = [];
  #lastValues: number[] = [];
  #lastContext: Context | null = null;
  #lastAt = Number.NaN;
  #seen = 0;

  constructor(options: {
    readonly path: string;
    readonly sensors: readonly string[];
    readonly units: readonly (string | undefined)[];
    readonly rowIntervalMs: number;
    /** Share of healthy rows that may start an alarm while there is no model. */
    readonly risk: number;
  }) {
    this.#young = new YoungMachine(options.units.length, options.risk);
    this.#path = options.path;
    this.#sensors = options.sensors;
    this.#units = options.units;
    this.#rowIntervalMs = options.rowIntervalMs;
  }

  get model(): MachineModel | null {
    return this.#model;
  }

  /** Takes a model into use; the smoothed residual starts over. */
  use(model: MachineModel): void {
    this.#model = model;
    this.#young = null;
    this.#factor = Float64Array.from(model.factor);
    this.#smoothed = new Float64Array(model.sensors.length + 1);
    this.#expected = new Float64Array(model.sensors.length + 1);
    this.#flat = model.sensors.map(() => 0);
    this.#lastValues = model.sensors.map(() => Number.NaN);
    this.#seen = 0;
  }

  get memory(): DetectorMemory {
    return {
      model: this.#model?.id ?? '',
      lastAt: this.#lastAt,
      seen: this.#seen,
      smoothed: [...this.#smoothed],
      load: this.#load.memory,
      ...(this.#young === null ? {} : { young: this.#young.save() }),
    };
  }

  /** Goes on from a checkpoint; one of another model only keeps the load. */
  restore(memory: DetectorMemory): void {
    this.#lastAt = memory.lastAt ?? Number.NaN;
    this.#load.restore(memory.load);
    if (memory.young !== undefined) this.#young?.restore(memory.young);
    if (memory.model !== (this.#model?.id ?? '') || memory.smoothed.length !== this.#smoothed.length) return;
    this.#smoothed.set(memory.smoothed);
    this.#seen = memory.seen;
  }

  /**
   * Judges one row. Rows that cannot be judged say why and never raise an alarm. `second`: what a trained model that a person has taken
   * into use says of the row; the ratio is then the geometric mean of both. It can make an alarm or put off a weak one, but not silence a clear one.
   */
  next(row: MachineRow, second: Judgement | null = null): ScoredRow {
    const missing = Number.isNaN(this.#lastAt)
      ? 0
      : Math.max(0, Math.round((row.at - this.#lastAt) / this.#rowIntervalMs) - 1);
    this.#lastAt = row.at;
    this.#load.skip(missing);
    if (missing > MAX_MISSING_ROWS) {
      this.#smoothed.fill(0);
      // What the machine did meanwhile is not known; its slow sensors need about as long to forget it.
      this.#seen = WARM_UP_ROWS - Math.min(LONGEST_WAIT_ROWS, Math.max(WARM_UP_ROWS, 5 * missing));
    }
    this.#load.next(row, this.#features);
    const model = this.#model;
    if (model === null) return this.#judgeYoung(row);
    if (!row.sensors.every(Number.isFinite)) return this.#unscored(row, 'sensor-missing');
    if (row.mixed) return this.#unscored(row, 'transition');
    const spread = model.spread[row.context];
    if (spread === null) return this.#unscored(row, 'unknown-context');
    predict(model, this.#features, 0, this.#expected);
    for (let j = 0; j < this.#smoothed.length; j += 1) {
      const z = standardise(targetOf(row, j) - (this.#expected[j] ?? 0), spread[j] ?? 1);
      this.#smoothed[j] = (this.#smoothed[j] ?? 0) + EWMA_WEIGHT * (z - (this.#smoothed[j] ?? 0));
    }
    this.#seen += 1;
    if (this.#seen <= WARM_UP_ROWS) return this.#unscored(row, 'transition');
    return this.#judge(row, model, second);
  }

  #judgeYoung(row: MachineRow): ScoredRow {
    const judged = this.#young?.next(row) ?? { reason: 'learning' as const };
    if ('reason' in judged) return this.#unscored(row, judged.reason);
    const step = this.#episode.next(judged.ratio);
    const score = calibrate(judged.ratio);
    const contributions = score < ELEVATED_SCORE ? [] : judged.parts().map((part) => this.#partOf(part));
    const { at, context } = row;
    const { open: alarm } = this.#episode;
    return { step, score: { path: this.#path, at, score, context, alarm, model: TRAINING_FREE, contributions } };
  }

  #partOf({ sensor, share, value, expected }: SensorPart): Contribution {
    const isPower = sensor >= this.#sensors.length;
    const unit = isPower ? 'kW' : this.#units[sensor];
    const tag = isPower ? 'Power' : (this.#sensors[sensor] ?? '');
    return { tag, share, value, expected, ...(unit === undefined ? {} : { unit }) };
  }

  #judge(row: MachineRow, model: MachineModel, second: Judgement | null): ScoredRow {
    const weighted = new Float64Array(this.#smoothed.length);
    const statistic = hotelling(this.#smoothed, model.mean, this.#factor, weighted);
    const stuck = this.#stuckSensor(row, model);
    const own = statistic / model.limit;
    const both = second === null ? own : Math.max(Math.sqrt(own * second.ratio), own / SILENCED_AT);
    const ratio = Math.max(both, stuck === -1 ? 0 : FLAT_RATIO);
    const step = this.#episode.next(ratio);
    const score = calibrate(ratio);
    const contributions = score < ELEVATED_SCORE ? [] : this.#contributions(row, model, weighted, stuck);
    return {
      step,
      score: {
        path: this.#path,
        at: row.at,
        score,
        context: row.context,
        alarm: this.#episode.open,
        model: model.id,
        contributions,
      },
    };
  }

  #unscored(row: MachineRow, reason: NoScoreReason): ScoredRow {
    const keepsEpisode = reason === 'transition' || reason === 'sensor-missing';
    const step = keepsEpisode ? (this.#episode.open ? 'on' : 'none') : this.#episode.reset();
    return {
      step,
      score: {
        path: this.#path,
        at: row.at,
        score: null,
        reason,
        context: row.context,
        alarm: this.#episode.open,
        model: this.#model?.id ?? '',
        contributions: [],
      },
    };
  }

  /** Index of a sensor that has not moved for much longer than it ever did in this context in training, or -1. */
  #stuckSensor(row: MachineRow, model: MachineModel): number {
    let stuck = -1;
    for (let sensor = 0; sensor < model.sensors.length; sensor += 1) {
      const value = row.sensors[sensor] ?? Number.NaN;
      const same = value === this.#lastValues[sensor] && row.context === this.#lastContext;
      this.#flat[sensor] = same ? (this.#flat[sensor] ?? 0) + 1 : 0;
      this.#lastValues[sensor] = value;
      const allowed = Math.max(MIN_FLAT_ROWS, (model.longestFlat[row.context][sensor] ?? 1) * FLAT_FACTOR);
      if ((this.#flat[sensor] ?? 0) >= allowed) stuck = sensor;
    }
    this.#lastContext = row.context;
    return stuck;
  }

  /** Parts eᵢ·(C⁻¹e)ᵢ of T², negative parts as 0, scaled to add up to 1; a stuck sensor takes half. */
  #contributions(row: MachineRow, model: MachineModel, weighted: Float64Array, stuck: number): Contribution[] {
    const names = [...model.sensors, 'Power'];
    const parts = names.map((_, j) =>
      Math.max(0, ((this.#smoothed[j] ?? 0) - (model.mean[j] ?? 0)) * (weighted[j] ?? 0)),
    );
    const total = parts.reduce((sum, part) => sum + part, 0) || 1;
    return names
      .map((tag, j) => {
        const unit = j < model.sensors.length ? this.#units[j] : 'kW';
        const own = (parts[j] ?? 0) / total;
        return {
          tag,
          share: stuck === -1 ? own : (own + (j === stuck ? 1 : 0)) / 2,
          value: targetOf(row, j),
          expected: this.#expected[j] ?? 0,
          ...(unit === undefined ? {} : { unit }),
        };
      })
      .sort((a, b) => b.share - a.share);
  }
}
