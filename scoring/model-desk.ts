import type { Logger } from '../broker/contract/deps.ts';
import { describeError } from '../broker/contract/error.ts';
import type { Judgement } from './anomaly/detector.ts';
import { ALARM_SCORE } from './anomaly/score.ts';
import { Autoencoder } from './anomaly/tensor/autoencoder.ts';
import { OperatingPhase } from './anomaly/training-set.ts';
import type { SensorRow } from './store/metric-store.ts';
import type { ModelFile, ModelLibrary, ShadowRecord } from './store/model-library.ts';

/** A model at work, as shown. */
export type RunningModel = {
  readonly path: string;
  readonly role: 'active' | 'shadow';
  readonly version: number;
  /** Newest judgement and the end of its row, epoch ms; null before the first. */
  readonly latest: (Judgement & { readonly at: number }) | null;
  readonly record: ShadowRecord;
  /** The active model alarms so often that the machine no longer is what it learnt: train anew? A person decides. */
  readonly retrainSuggested: boolean;
};

type Worker = {
  readonly role: 'active' | 'shadow';
  readonly file: ModelFile;
  readonly detector: Autoencoder;
  readonly phase: OperatingPhase;
  record: ShadowRecord;
  latest: (Judgement & { readonly at: number }) | null;
  wasAbove: boolean;
  /** Share of the latest rows above the limit, exponentially weighted. */
  recentAbove: number;
  dirty: boolean;
};

/** Rows the share above the limit is taken over. */
const DRIFT_ROWS = 1440;
/** A model with more than this share of rows above its limit no longer fits its machine. */
const DRIFT_SHARE = 0.2;

/**
 * Runs the trained models of all machines on the rows as they come: the active one, and beside it the one in shadow, whose
 * alarms are only counted. Never stops the stream: a model that cannot be used is named in the log and left out.
 */
export class ModelDesk {
  readonly #library: ModelLibrary;
  readonly #log: Logger;
  #workers = new Map<string, readonly Worker[]>();
  #refreshing: Promise<void> = Promise.resolve();

  constructor(library: ModelLibrary, log: Logger) {
    this.#library = library;
    this.#log = log;
  }

  /** Takes one row; rows of a machine without a model cost nothing. @returns what the active model says of it, null where it cannot. */
  take({ path, sensors, row }: SensorRow): Judgement | null {
    let active: Judgement | null = null;
    let inUse: boolean | null = null;
    for (const worker of this.#workers.get(path) ?? []) {
      const outside = worker.phase.next(row);
      if (outside !== null) continue;
      const values = Float64Array.from(worker.file.sensors, (name) =>
        name === 'Power' ? row.powerKw : (row.sensors[sensors.indexOf(name)] ?? Number.NaN),
      );
      const judged = worker.detector.next(values);
      note(worker, judged, row.at);
      const isUsable = judged.degraded === undefined;
      if (worker.role === 'active' && isUsable) inUse = judged.score >= ALARM_SCORE;
      else if (worker.role === 'shadow' && isUsable && inUse !== null)
        compare(worker, judged.score >= ALARM_SCORE === inUse);
      if (worker.role === 'active' && judged.degraded === undefined) active = judged;
    }
    return active;
  }

  /** Everything at work. */
  running(): readonly RunningModel[] {
    return [...this.#workers].flatMap(([path, workers]) =>
      workers.map(({ role, file, latest, record, recentAbove }) => ({
        path,
        role,
        version: file.version,
        latest,
        record,
        retrainSuggested: role === 'active' && recentAbove > DRIFT_SHARE,
      })),
    );
  }

  /** Keeps the records of shadow runs and takes up what was activated, rolled back or trained meanwhile. */
  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.then(() => this.#refresh());
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    try {
      await this.#keepRecords();
      const workers = new Map<string, readonly Worker[]>();
      for (const path of await this.#library.paths()) workers.set(path, await this.#workersOf(path));
      this.#workers = workers;
    } catch (error) {
      this.#log.warn({ err: describeError(error) }, 'models could not be read again; those at work go on');
    }
  }

  async #workersOf(path: string): Promise<readonly Worker[]> {
    const known = this.#workers.get(path) ?? [];
    try {
      const { active, shadow, damaged } = await this.#library.inUse(path);
      for (const { version, reason } of damaged)
        this.#log.warn(
          { equipment: path, version, err: reason },
          'model file cannot be used; see joulegate models list',
        );
      const wanted = [
        { role: 'active', file: active },
        { role: 'shadow', file: shadow },
      ] as const;
      const workers: Worker[] = [];
      for (const { role, file } of wanted) {
        if (file === null) continue;
        const same = known.find((worker) => worker.role === role && worker.file.version === file.version);
        workers.push(same ?? (await this.#open(path, role, file)));
      }
      return workers;
    } catch (error) {
      this.#log.warn({ equipment: path, err: describeError(error) }, 'models of the machine cannot be read');
      return known;
    }
  }

  async #open(path: string, role: Worker['role'], file: ModelFile): Promise<Worker> {
    const detector = new Autoencoder();
    detector.load(file.model);
    const entry = (await this.#library.list(path)).find(({ version }) => version === file.version);
    const { version, rowIntervalMs, stateless } = file;
    return {
      role,
      file,
      detector,
      phase: new OperatingPhase(rowIntervalMs, stateless),
      record: (role === 'shadow' ? entry?.shadow : null) ?? {
        version,
        from: 0,
        to: 0,
        rows: 0,
        above: 0,
        crossings: 0,
      },
      latest: null,
      wasAbove: false,
      recentAbove: 0,
      dirty: false,
    };
  }

  async #keepRecords(): Promise<void> {
    for (const [path, workers] of this.#workers) {
      for (const worker of workers) {
        if (worker.role !== 'shadow' || !worker.dirty) continue;
        worker.dirty = false;
        await this.#library.noteShadow(path, worker.record);
      }
    }
  }
}

function compare(worker: Worker, agrees: boolean): void {
  const { compared = 0, agreed = 0 } = worker.record;
  worker.record = { ...worker.record, compared: compared + 1, agreed: agreed + (agrees ? 1 : 0) };
}

function note(worker: Worker, judged: Judgement, at: number): void {
  worker.latest = { ...judged, at };
  if (judged.degraded !== undefined && judged.degraded !== 'sensor-missing') return;
  const above = judged.score >= ALARM_SCORE;
  const { record } = worker;
  worker.record = {
    ...record,
    from: record.rows === 0 ? at : record.from,
    to: at,
    rows: record.rows + 1,
    above: record.above + (above ? 1 : 0),
    crossings: record.crossings + (above && !worker.wasAbove ? 1 : 0),
  };
  worker.wasAbove = above;
  worker.recentAbove += ((above ? 1 : 0) - worker.recentAbove) / Math.min(record.rows + 1, DRIFT_ROWS);
  worker.dirty = true;
}
