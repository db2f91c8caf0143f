import type { EquipmentDescription, MachineState, TagDescription } from '../broker/contract/tag.ts';
import { fitMachineModel } from './anomaly/model-fit.ts';
import { ROWS_PER_EPISODE } from './anomaly/alarm-budget.ts';
import type { Judgement } from './anomaly/detector.ts';
import { EpisodeRecorder } from './anomaly/episode-recorder.ts';
import { MachineDetector, type DetectorMemory } from './anomaly/machine-detector.ts';
import type { MachineModel } from './anomaly/machine-model.ts';
import type { MachineRow } from './anomaly/machine-row.ts';
import { RowBuilder } from './anomaly/row-builder.ts';
import type { AnomalyEpisode, AnomalyScore } from './anomaly/score.ts';
import {
  EquipmentLedger,
  type LedgerCheckpoint,
  type LedgerCursors,
  type LedgerIssue,
} from './energy/equipment-ledger.ts';
import { LabelTimeline, type LabelChange } from './energy/label-timeline.ts';
import type { MachineSeries, SeriesCheckpoint } from './energy/machine-series.ts';
import { powerFactorKw } from './energy/unit.ts';
import type { WindowBook } from './energy/window-book.ts';

/** Newest value of a tag as shown live. */
export type TagReading = { value: number | string | boolean | null; at: number | null; statusCode: number };

/** State of a scorer as kept in a checkpoint. */
export type ScorerCheckpoint = {
  readonly ledger: LedgerCheckpoint;
  readonly episode: AnomalyEpisode | null;
  readonly detector: DetectorMemory;
  readonly lastScore: AnomalyScore | null;
  /** Missing where nothing but windows is kept. */
  readonly series?: SeriesCheckpoint;
};

/** Products and orders of a machine over time. */
export type ScorerLabels = {
  readonly product: readonly LabelChange[];
  readonly order: readonly LabelChange[];
};

export type AnomalyOptions = {
  readonly rowIntervalMs: number;
  readonly trainingRows: number;
  readonly minimumRows: number;
  /** Probability that a row of a healthy machine lies above the limit. */
  readonly exceedance: number;
};

export type ScorerEvents = {
  readonly onIssue: (issue: LedgerIssue) => void;
  readonly onScore: (score: AnomalyScore) => void;
  /** Every row of sensor means, before it is judged. */
  readonly onRow: (row: MachineRow, sensors: readonly string[]) => Judgement | null;
  readonly onEpisode: (episode: AnomalyEpisode) => void;
  readonly onModel: (path: string, model: MachineModel) => void;
  /** Power of everything but this machine's line, kW. */
  readonly plantKw: () => number;
  readonly onPower: (kw: number) => void;
};

/** Status codes with the top bits 00 are Good, 01 Uncertain, 10 Bad (OPC 10000-4 7.39). */
const isGood = (statusCode: number): boolean => statusCode >>> 30 === 0;

/** Whether a value is counted and moves time on. */
export function isUsable(
  value: number | string | boolean | null,
  statusCode: number,
): value is number | string | boolean {
  return value !== null && isGood(statusCode);
}

/** Rows a score is shown for while newer ones cannot be judged. */
const SHOWN_ROWS = 15;

type TagPlan = { readonly tag: TagDescription; readonly row: number; readonly powerFactor: number };

/** Everything that is computed for one machine: its ledger, its rows and its anomaly model. Samples come in event time. */
export class EquipmentScorer {
  readonly equipment: EquipmentDescription;
  readonly tags: readonly TagDescription[];
  readonly readings: readonly TagReading[];
  readonly #plans: readonly TagPlan[];
  readonly #ledger: EquipmentLedger;
  readonly #series: MachineSeries | null;
  readonly #rows: RowBuilder;
  readonly #detector: MachineDetector;
  readonly #sensors: readonly string[];
  readonly #events: ScorerEvents;
  readonly #anomaly: AnomalyOptions;
  #training: MachineRow[] = [];
  #rowsSeen = 0;
  #fits = 0;
  readonly #episodes = new EpisodeRecorder();
  #lastCount = Number.NaN;
  #lastCountAt = Number.NaN;
  #lastScore: AnomalyScore | null = null;
  #powerKw: number | null = null;
  readonly #labels = { product: new LabelTimeline(), order: new LabelTimeline() };
  /** true when product or order changed since they were last kept. */
  labelsChanged = false;
  /** true when the state changed since the last checkpoint. */
  dirty = false;

  constructor(options: {
    readonly equipment: EquipmentDescription;
    readonly tags: readonly TagDescription[];
    readonly book: WindowBook;
    readonly cursors: LedgerCursors;
    readonly maxGapMs: number;
    readonly anomaly: AnomalyOptions;
    /** Other carriers and watched tags; default: none are kept. */
    readonly series?: MachineSeries;
    readonly events: ScorerEvents;
  }) {
    const { equipment, tags, anomaly, events } = options;
    this.equipment = equipment;
    this.tags = tags;
    this.#events = events;
    this.#anomaly = anomaly;
    this.readings = tags.map(() => ({ value: null, at: null, statusCode: 0 }));
    const process = tags.filter((tag) => tag.role === 'process');
    this.#sensors = process.map((tag) => tag.name);
    this.#plans = tags.map((tag) => ({
      tag,
      row: tag.role === 'process' ? this.#sensors.indexOf(tag.name) : tag.role === 'power' ? this.#sensors.length : -1,
      powerFactor: tag.role === 'power' ? (powerFactorKw(tag.unit) ?? Number.NaN) : 1,
    }));
    this.#ledger = new EquipmentLedger(tags, options.cursors, options.book, {
      maxGapMs: options.maxGapMs,
      onIssue: events.onIssue,
    });
    this.#series = options.series ?? null;
    this.#rows = new RowBuilder(this.#sensors.length, anomaly.rowIntervalMs);
    this.#detector = new MachineDetector({
      path: equipment.path,
      sensors: this.#sensors,
      units: process.map((tag) => tag.unit),
      rowIntervalMs: anomaly.rowIntervalMs,
      risk: anomaly.exceedance / ROWS_PER_EPISODE,
    });
  }

  get clock(): number {
    return this.#ledger.clock;
  }

  get state(): MachineState {
    return this.#ledger.state;
  }

  get powerKw(): number | null {
    return this.#powerKw;
  }

  get lastScore(): AnomalyScore | null {
    return this.#lastScore;
  }

  /** Whether there is anything to judge a machine by. */
  get hasSensors(): boolean {
    return this.#sensors.length > 0;
  }

  /** One value of tag number `index`. Only good values are counted; every value is shown. */
  sample(index: number, value: number | string | boolean | null, at: number, statusCode: number): void {
    const plan = this.#plans[index];
    const reading = this.readings[index];
    if (plan === undefined || reading === undefined) return;
    this.dirty = true;
    if (reading.at === null || at >= reading.at || !isGood(reading.statusCode)) {
      reading.value = value;
      reading.at = at;
      reading.statusCode = statusCode;
    }
    if (!isUsable(value, statusCode)) {
      // A bad value says nothing of its time: servers stamp "no value yet" with their own clock.
      if (plan.row !== -1) this.#rows.reading(plan.row, Number.NaN, at);
      if (plan.tag.role === 'power') this.#powerKw = null;
      this.#series?.lost(plan.tag.name);
      return;
    }
    const row = this.#rows.advance(at, this.#events.plantKw());
    if (row !== null) this.#judge(row);
    const number = typeof value === 'boolean' ? Number(value) : value;
    this.#ledger.sample(plan.tag.name, number, at);
    this.#series?.sample(plan.tag.name, number, at);
    this.#feedRow(plan, number, at);
  }

  /** All values are unchanged up to `at`. */
  keepAlive(at: number): void {
    this.dirty = true;
    const row = this.#rows.advance(at, this.#events.plantKw());
    if (row !== null) this.#judge(row);
    this.#ledger.proveAlive(at);
    this.#series?.proveAlive(at);
  }

  expect(until: number): void {
    this.#ledger.expect(until);
  }

  useModel(model: MachineModel): void {
    if (
      model.sensors.length === this.#sensors.length &&
      model.sensors.every((name, index) => name === this.#sensors[index])
    ) {
      this.#detector.use(model);
      this.#fits = Number(model.id.split('-').at(-1)) || 1;
    }
  }

  checkpoint(): ScorerCheckpoint {
    return {
      ledger: this.#ledger.checkpoint(),
      episode: this.#episodes.open,
      detector: this.#detector.memory,
      lastScore: this.#lastScore,
      ...(this.#series === null ? {} : { series: this.#series.checkpoint() }),
    };
  }

  /** Products and orders over time, as kept beside the checkpoint. */
  get labels(): ScorerLabels {
    return { product: this.#labels.product.changes, order: this.#labels.order.changes };
  }

  restoreLabels({ product = [], order = [] }: Partial<ScorerLabels>): void {
    this.#labels.product.restore(product);
    this.#labels.order.restore(order);
  }

  restore(checkpoint: ScorerCheckpoint): void {
    this.#ledger.restore(checkpoint.ledger);
    if (checkpoint.series !== undefined) this.#series?.restore(checkpoint.series);
    this.#detector.restore(checkpoint.detector);
    this.#rows.resume(this.#ledger.state);
    this.#lastScore = checkpoint.lastScore === null ? null : { ...checkpoint.lastScore, alarm: false };
    // A restart ends the judgement of an open episode; a fault that lasts opens a new one.
    if (checkpoint.episode !== null) this.#events.onEpisode({ ...checkpoint.episode, to: this.#ledger.clock });
  }

  #feedRow(plan: TagPlan, value: number | string, at: number): void {
    switch (plan.tag.role) {
      case 'power': {
        const kw = Number(value) * plan.powerFactor;
        if (!Number.isFinite(kw)) return;
        this.#powerKw = kw;
        this.#events.onPower(kw);
        return this.#rows.reading(plan.row, kw, at);
      }
      case 'process':
        return this.#rows.reading(plan.row, Number(value), at);
      case 'state':
        return this.#rows.state(this.#ledger.state);
      case 'output-counter': {
        const count = Number(value);
        const made = count - this.#lastCount;
        const { rowIntervalMs } = this.#anomaly;
        // What was made over a gap does not belong to one row: only one row's part of it is taken.
        const part = Math.min(1, (2 * rowIntervalMs) / Math.max(1, at - this.#lastCountAt));
        this.#lastCount = count;
        this.#lastCountAt = at;
        if (made > 0) this.#rows.pieces(made * part);
        return;
      }
      case 'product':
      case 'order':
        if (this.#labels[plan.tag.role].set(value, at)) this.labelsChanged = true;
        return;
      case 'energy-counter':
      case 'output-rate':
      case 'scrap-counter':
        return;
      default:
        plan.tag.role satisfies never;
    }
  }

  #judge(row: MachineRow): void {
    if (!this.hasSensors) return;
    const { score, step } = this.#detector.next(row, this.#events.onRow(row, this.#sensors));
    if (!this.#outlives(score)) this.#lastScore = score;
    this.#events.onScore(score);
    const episode = this.#episodes.next(score, step);
    if (episode !== null) this.#events.onEpisode(episode);
    this.#learn(row);
  }

  /** While a machine changes its state the score from just before goes on being shown. */
  #outlives(score: AnomalyScore): boolean {
    const last = this.#lastScore;
    if (score.reason !== 'transition' || last === null || last.score === null) return false;
    return score.at - last.at <= SHOWN_ROWS * this.#anomaly.rowIntervalMs;
  }

  /** The first model after minimumRows, a better one after trainingRows; later ones are a person's decision. */
  #learn(row: MachineRow): void {
    const { minimumRows, trainingRows, exceedance, rowIntervalMs } = this.#anomaly;
    if (this.#fits >= 2) return;
    this.#training.push(row);
    if (this.#training.length > trainingRows) this.#training.shift();
    this.#rowsSeen += 1;
    const due =
      (this.#fits === 0 && this.#rowsSeen >= minimumRows) || (this.#fits === 1 && this.#rowsSeen >= trainingRows);
    if (!due) return;
    const model = fitMachineModel(this.#training, {
      id: `mewma-${this.#fits + 1}`,
      sensors: this.#sensors,
      exceedance,
      rowIntervalMs,
      fullRows: trainingRows,
    });
    if (model === null) return;
    this.#fits += 1;
    this.#detector.use(model);
    this.#events.onModel(this.equipment.path, model);
    if (this.#fits >= 2) this.#training = [];
  }
}
