import type { MachineRow } from '../anomaly/machine-row.ts';
import type { AnomalyEpisode, AnomalyScore } from '../anomaly/score.ts';
import type { EnergyWindow, WindowSize } from '../energy/window.ts';
import type { Alert } from '../security/alert.ts';

/** A half-open range of event time, epoch ms. */
export type TimeRange = { readonly from: number; readonly to: number };

/** A row of sensor means of one machine, with the names of its sensors. */
export type SensorRow = { readonly path: string; readonly sensors: readonly string[]; readonly row: MachineRow };

/** Rows of one machine as training wants them: the sensors it has now, NaN where an older row lacks one. */
export type SensorHistory = { readonly sensors: readonly string[]; readonly rows: readonly MachineRow[] };
/** The last row of a page before: what comes after it, in the order of the list. */
export type ListPlace = { readonly at: number; readonly id: string };

/** Everything one flush of the pipeline writes; a store takes all of it or nothing. */
export type StoreBatch = {
  /** Whole rows: a row with the same (path, window, start) is replaced. */
  readonly windows: readonly EnergyWindow[];
  /** Replaced by (path, at). */
  readonly scores: readonly AnomalyScore[];
  /** Replaced by id. */
  readonly episodes: readonly AnomalyEpisode[];
  /** What detectors are trained on later. Replaced by (path, at). */
  readonly rows?: readonly SensorRow[];
  /** State of the pipeline that matches exactly these rows, by name; replaced. null removes it. */
  readonly checkpoints: readonly { readonly name: string; readonly body: string | null }[];
};

/**
 * Where figures live. The embedded store implements all of it; sinks (InfluxDB) implement `MetricSink`.
 * Opened once, disposed once; dispose ends after everything accepted is on disk.
 */
export interface MetricStore extends AsyncDisposable {
  /** Atomic and durable when it resolves. @throws JoulegateError STORE_FAILED, with everything before intact. */
  write(batch: StoreBatch): Promise<void>;
  /** Oldest first; windows whose start lies in the range. */
  readWindows(query: { readonly path: string; readonly window: WindowSize } & TimeRange): Promise<EnergyWindow[]>;
  /** All paths at once, for tables and rankings. Oldest first. */
  readAllWindows(query: { readonly window: WindowSize } & TimeRange): Promise<EnergyWindow[]>;
  /** Oldest first. Thinned evenly to at most `limit` points, keeping the largest score of each thinned group. */
  readScores(query: { readonly path: string; readonly limit?: number } & TimeRange): Promise<AnomalyScore[]>;
  /** Rows of sensor means, oldest first. */
  readSensorRows(query: { readonly path: string } & TimeRange): Promise<SensorHistory>;
  /** Machines that have rows of sensor means, by path. */
  sensorPaths(): Promise<readonly string[]>;
  /** Newest score of each path. */
  latestScores(): Promise<AnomalyScore[]>;
  /** Episodes that overlap the range, newest first; all machines when path is absent. A path also matches what lies below it. */
  readEpisodes(
    query: { readonly path?: string; readonly limit?: number; readonly after?: ListPlace } & TimeRange,
  ): Promise<AnomalyEpisode[]>;
  readCheckpoint(name: string): Promise<string | null>;
  readCheckpoints(prefix: string): Promise<{ readonly name: string; readonly body: string }[]>;
  /** First and last window start there is, or null when the store is empty. */
  extent(): Promise<TimeRange | null>;
  /** Deletes windows, scores and sensor rows (with the minutes) that start before the given instants. */
  prune(before: { readonly '1m': number; readonly '15m': number; readonly '1h': number }): Promise<void>;
}

/** Where alerts live: always the embedded database. */
export interface AlertStore {
  save(alert: Alert): Promise<void>;
  /** Newest `last` first. */
  list(query: {
    readonly open?: boolean;
    readonly equipment?: string;
    readonly limit: number;
    readonly after?: ListPlace;
  }): Promise<Alert[]>;
  get(id: string): Promise<Alert | null>;
  /** The newest alert with this key that is not closed. */
  findOpen(key: string): Promise<Alert | null>;
}

/** A point that is no window and no score. The same measurement, tags and time replace what was there, field by field. */
export type SinkPoint = {
  readonly measurement: 'alert' | 'service_health' | 'connection_health' | 'target';
  /** An empty path is the site. */
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, number | string | boolean>>;
  /** Epoch ms. */
  readonly at: number;
};

/** A further receiver of every batch (InfluxDB). */
export interface MetricSink extends AsyncDisposable {
  /**
   * Durable in the sink's own queue when it resolves; sending happens behind it and is retried for ever. Never rejects:
   * while the queue cannot be written, rows wait in memory up to a limit and `status` says so. Taking the same rows twice
   * is harmless, so a caller that must not lose any across a crash hands them here before the store has them.
   */
  write(batch: Pick<StoreBatch, 'windows' | 'scores'>): Promise<void>;
  /** Points beside the figures, with the same promise. */
  note(points: readonly SinkPoint[]): Promise<void>;
  /** For health: rows waiting, rows sent, rows refused for good, and the newest error with its remedy. */
  status(): {
    readonly queued: number;
    readonly sent: number;
    readonly refused: number;
    readonly dropped: number;
    readonly error: { readonly message: string; readonly remedy: string; readonly since: number } | null;
  };
}
