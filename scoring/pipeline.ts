import { energyChain, NO_BOUNDARIES } from './energy/boundaries.ts';
import type { EquipmentDescription, TagDescription } from '../broker/contract/tag.ts';
import type { AnomalyEpisode, AnomalyScore } from './anomaly/score.ts';
import type { LedgerIssue } from './energy/equipment-ledger.ts';
import { MachineSeries } from './energy/machine-series.ts';
import { QuarterBook } from './energy/quarter-book.ts';
import { WindowBook } from './energy/window-book.ts';
import type { TreeObject } from './energy/window-record.ts';
import { EquipmentScorer, isUsable, type ScorerCheckpoint, type ScorerLabels } from './equipment-scorer.ts';
import { ClockGuard } from './ingest/clock-guard.ts';
import type { PipelineIssue, PipelineOptions } from './pipeline-options.ts';
import type { MetricSink, MetricStore, SensorRow } from './store/metric-store.ts';
import { recentQuarters } from './store/quarter-rows.ts';

export type { PipelineIssue, PipelineOptions };

export type Checkpoint = { readonly name: string; readonly body: string | null };

/** A machine whose clock runs this far ahead of the plant is not believed. */
const CLOCK_TOLERANCE_MS = 900_000;
/** More held samples than this and a machine's clock is taken to be right. */
const HELD_SAMPLES = 1000;
const DAY_MS = 86_400_000;

type Sample = {
  readonly tag: number;
  readonly value: number | string | boolean;
  readonly at: number;
  readonly statusCode: number;
};

type Machine = {
  readonly scorer: EquipmentScorer;
  /** Objects its energy is part of, itself first. */
  readonly counted: ReadonlySet<string>;
  readonly line: string;
  readonly guard: number;
  powerKw: number;
};

/**
 * From samples in event time to rows of the store. One `flush` writes the windows and scores that changed together with
 * the state they came from, so that after a crash the pipeline goes on exactly where the store ends.
 */
export class ScoringPipeline {
  readonly #options: PipelineOptions;
  readonly #store: MetricStore;
  readonly #sinks: readonly MetricSink[];
  readonly #book: WindowBook;
  readonly #quarters = new QuarterBook();
  readonly #guard = new ClockGuard<Sample>({ toleranceMs: CLOCK_TOLERANCE_MS, capacity: HELD_SAMPLES });
  readonly #machines: Machine[] = [];
  readonly #byPath = new Map<string, number>();
  readonly #linePower = new Map<string, number>();
  readonly #checkpoints: ReadonlyMap<string, string>;
  readonly #labels: ReadonlyMap<string, string>;
  #plantPower = 0;
  #scores: AnomalyScore[] = [];
  #rows: SensorRow[] = [];
  #episodes = new Map<string, AnomalyEpisode>();

  private constructor(
    store: MetricStore,
    sinks: readonly MetricSink[],
    options: PipelineOptions,
    state: {
      readonly book: WindowBook;
      readonly quarters: readonly { readonly name: string; readonly body: string }[];
      readonly checkpoints: ReadonlyMap<string, string>;
      readonly labels: ReadonlyMap<string, string>;
    },
  ) {
    this.#store = store;
    this.#sinks = sinks;
    this.#options = options;
    this.#book = state.book;
    this.#quarters.restore(state.quarters);
    this.#checkpoints = state.checkpoints;
    this.#labels = state.labels;
  }

  /** Opens the pipeline on what the store holds. */
  static async open(
    store: MetricStore,
    sinks: readonly MetricSink[],
    options: PipelineOptions,
  ): Promise<ScoringPipeline> {
    const extent = await store.extent();
    const book = new WindowBook(options.dayOf, extent === null ? Number.NEGATIVE_INFINITY : extent.to + 1);
    if (extent !== null) {
      const today = options.dayOf(extent.to);
      book.restore(await store.readAllWindows({ window: '1d', from: today.start, to: today.end }));
      book.restore(
        await store.readAllWindows({ window: '1h', from: extent.to - 2 * 3_600_000, to: extent.to + DAY_MS }),
      );
    }
    const saved = await store.readCheckpoints('ledger/');
    const labels = await store.readCheckpoints('labels/');
    const quarters = extent === null ? [] : await recentQuarters(store, extent.to);
    return new ScoringPipeline(store, sinks, options, {
      quarters,
      book,
      checkpoints: new Map(saved.map(({ name, body }) => [name.slice('ledger/'.length), body])),
      labels: new Map(labels.map(({ name, body }) => [name.slice('labels/'.length), body])),
    });
  }

  get scorers(): readonly EquipmentScorer[] {
    return this.#machines.map((machine) => machine.scorer);
  }

  get book(): WindowBook {
    return this.#book;
  }

  /** Event time the plant has reached, epoch ms; -Infinity before the first value. */
  get plantClock(): number {
    return this.#guard.plantClock;
  }

  find(path: string): EquipmentScorer | null {
    const index = this.#byPath.get(path);
    return index === undefined ? null : (this.#machines[index]?.scorer ?? null);
  }

  /**
   * Makes a machine known and gives its number for `sample`. Known with the same tags: the same number. With other tags
   * the machine starts a new ledger; its windows go on.
   */
  describe(equipment: EquipmentDescription, tags: readonly TagDescription[]): number {
    const known = this.#byPath.get(equipment.path);
    const before = known === undefined ? undefined : this.#machines[known];
    if (before !== undefined && known !== undefined) {
      if (JSON.stringify([before.scorer.equipment, before.scorer.tags]) === JSON.stringify([equipment, tags]))
        return known;
      const checkpoint = before.scorer.checkpoint();
      const machine = this.#open(equipment, tags, before.guard);
      machine.scorer.restore({ ...checkpoint, episode: null });
      machine.scorer.restoreLabels(before.scorer.labels);
      this.#machines[known] = machine;
      return known;
    }
    const saved = this.#checkpoints.get(equipment.path);
    const checkpoint = saved === undefined ? null : (JSON.parse(saved) as ScorerCheckpoint);
    const machine = this.#open(equipment, tags, this.#guard.add(checkpoint?.ledger.clock ?? Number.NaN));
    if (checkpoint !== null) machine.scorer.restore(checkpoint);
    const labels = this.#labels.get(equipment.path);
    if (labels !== undefined) machine.scorer.restoreLabels(JSON.parse(labels) as ScorerLabels);
    this.#machines.push(machine);
    this.#byPath.set(equipment.path, this.#machines.length - 1);
    return this.#machines.length - 1;
  }

  /** One value. Values of a machine come in order of event time (`at`, epoch ms). */
  sample(machine: number, tag: number, value: number | string | boolean | null, at: number, statusCode: number): void {
    const known = this.#machines[machine];
    if (known === undefined) return;
    if (!isUsable(value, statusCode)) return known.scorer.sample(tag, value, at, statusCode);
    const verdict = this.#guard.judge(known.guard, at, { tag, value, at, statusCode });
    switch (verdict.kind) {
      case 'held':
        return this.#releaseHeld();
      case 'came-back':
        this.#reportClock(known, verdict.discarded);
        break;
      case 'use':
        break;
      default:
        verdict satisfies never;
    }
    known.scorer.sample(tag, value, at, statusCode);
  }

  /** Whether a machine's energy is part of that of an object. */
  countsIn(equipment: string, object: string): boolean {
    const index = this.#byPath.get(equipment);
    return index !== undefined && this.#machines[index]?.counted.has(object) === true;
  }

  /** All values of a machine are unchanged up to `at`. */
  keepAlive(machine: number, at: number): void {
    const known = this.#machines[machine];
    // A machine whose clock is in doubt proves nothing.
    if (known === undefined || this.#guard.isHolding(known.guard) || !(at <= known.scorer.clock + CLOCK_TOLERANCE_MS))
      return;
    known.scorer.keepAlive(at);
  }

  /** Whether samples of a machine wait for a decision about its clock; they are in no row and no checkpoint yet. */
  isHolding(machine: number): boolean {
    const known = this.#machines[machine];
    return known !== undefined && this.#guard.isHolding(known.guard);
  }

  /** Writes what changed and the `extra` checkpoints (asked for at the very moment the rows are taken) in one transaction. What cannot be written stays for the next flush. */
  async flush(extra: () => readonly Checkpoint[] = () => []): Promise<number> {
    this.#releaseHeld();
    const clock = this.plantClock;
    const watermark = clock - this.#options.latenessMs;
    for (const { scorer } of this.#machines) scorer.expect(watermark);
    for (const { path, window, start } of this.#book.unloaded()) {
      const rows = await this.#store.readWindows({ path, window, from: start, to: start + 1 });
      this.#book.merge(path, window, start, rows[0] ?? null);
    }
    const windows = this.#book.takeChanged(watermark);
    const scores = this.#scores;
    const rows = this.#rows;
    const episodes = this.#episodes;
    this.#scores = [];
    this.#rows = [];
    this.#episodes = new Map();
    const dirty = this.#machines.filter((machine) => machine.scorer.dirty);
    const relabelled = this.#machines.filter((machine) => machine.scorer.labelsChanged);
    const quarters = this.#quarters.takeChanged(clock);
    const checkpoints = [
      ...quarters,
      ...dirty.map(({ scorer }) => ({
        name: `ledger/${scorer.equipment.path}`,
        body: JSON.stringify(scorer.checkpoint()),
      })),
      ...relabelled.map(({ scorer }) => ({
        name: `labels/${scorer.equipment.path}`,
        body: JSON.stringify(scorer.labels),
      })),
      ...extra(),
    ];
    for (const { scorer } of dirty) scorer.dirty = false;
    for (const { scorer } of relabelled) scorer.labelsChanged = false;
    try {
      // Sinks first: what they get twice after a crash replaces itself, what they never get is missing.
      for (const sink of this.#sinks) await sink.write({ windows, scores });
      await this.#store.write({ windows, scores, rows, episodes: [...episodes.values()], checkpoints });
    } catch (error) {
      this.#book.retake(windows);
      this.#quarters.retake(quarters);
      this.#scores = [...scores, ...this.#scores];
      this.#rows = [...rows, ...this.#rows];
      this.#episodes = new Map([...episodes, ...this.#episodes]);
      for (const { scorer } of dirty) scorer.dirty = true;
      for (const { scorer } of relabelled) scorer.labelsChanged = true;
      throw error;
    }
    this.#book.evict(clock);
    return windows.length;
  }

  #open(equipment: EquipmentDescription, tags: readonly TagDescription[], guard: number): Machine {
    const parts = equipment.path.split('/');
    const area: TreeObject | null = parts.length > 1 ? { path: parts[0] ?? '', level: 'area' } : null;
    const line: TreeObject | null = parts.length > 2 ? { path: parts.slice(0, -1).join('/'), level: 'line' } : null;
    const chain = [line, area, { path: '', level: 'site' } as const].filter((object) => object !== null);
    const ancestors = chain.map(({ path }) => path);
    const counted = new Set(energyChain(equipment.path, ancestors, this.#options.boundaries ?? NO_BOUNDARIES));
    const onIssue = (issue: LedgerIssue) => this.#options.onIssue({ ...issue, equipment: equipment.path });
    const series = new MachineSeries(equipment.path, tags, {
      book: this.#quarters,
      watched: this.#options.watched?.get(equipment.path) ?? new Set(),
      maxGapMs: this.#options.maxGapMs,
      onIssue,
    });
    const lineName = line?.path ?? equipment.path;
    const machine: Machine = {
      counted: new Set([equipment.path, ...counted]),
      line: lineName,
      guard,
      powerKw: 0,
      scorer: new EquipmentScorer({
        equipment,
        tags,
        book: this.#book,
        cursors: {
          equipment: this.#book.cursor([{ path: equipment.path, level: 'equipment' }]),
          chain: this.#book.cursor(chain.filter(({ path }) => counted.has(path))),
          pieces: this.#book.cursor(chain),
        },
        maxGapMs: this.#options.maxGapMs,
        anomaly: this.#options.anomaly,
        ...(series.isEmpty ? {} : { series }),
        events: {
          onIssue,
          onScore: (score) => this.#scores.push(score),
          onRow: (row, sensors) => {
            this.#rows.push({ path: equipment.path, sensors, row });
            return this.#options.onRow?.({ path: equipment.path, sensors, row }) ?? null;
          },
          onEpisode: (episode) => {
            this.#episodes.set(episode.id, episode);
            this.#options.onEpisode(episode);
          },
          onModel: this.#options.onModel,
          plantKw: () => this.#plantPower - (this.#linePower.get(lineName) ?? 0),
          onPower: (kw) => this.#setPower(machine, kw),
        },
      }),
    };
    const model = this.#options.models.get(equipment.path);
    if (model !== undefined) machine.scorer.useModel(model);
    return machine;
  }

  #setPower(machine: Machine, kw: number): void {
    const change = kw - machine.powerKw;
    machine.powerKw = kw;
    this.#plantPower += change;
    this.#linePower.set(machine.line, (this.#linePower.get(machine.line) ?? 0) + change);
  }

  #releaseHeld(): void {
    for (const { machine, samples } of this.#guard.release()) {
      const known = this.#machines.find(({ guard }) => guard === machine);
      for (const { tag, value, at, statusCode } of samples) known?.scorer.sample(tag, value, at, statusCode);
    }
  }

  #reportClock({ scorer }: Machine, discarded: number): void {
    this.#options.onIssue({
      code: 'CLOCK_JUMP',
      equipment: scorer.equipment.path,
      tag: '',
      at: scorer.clock,
      message: `${discarded} values had source timestamps far ahead of the machine's own time and of the plant, and then came back; they are left out, counters make up for the energy`,
      remedy: 'check clock and time zone of the PLC or OPC UA server (the classic: local time stamped as UTC)',
    });
  }
}
