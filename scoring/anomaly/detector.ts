/** One judged row. */
export type Judgement = {
  /** Calibrated score in [0,1]; ALARM_SCORE (0.99) is the limit on every machine. */
  readonly score: number;
  /** Statistic divided by its limit; 1 is the limit. Keeps its resolution where the score is nearly 1. */
  readonly ratio: number;
  /** Why the row could only be judged in part, or not at all (score 0). */
  readonly degraded?: DegradedReason;
};

/**
 * `warm-up`: too few rows so far; `sensor-missing`: judged by the sensors that are there; `no-data`: none is there;
 * `training-short`: judged without training; `sensors-changed`: judged by the sensors it was started with; `time-jump`: the
 * row does not follow the one before; `all-zero`: every sensor reads zero.
 */
export type DegradedReason =
  | 'warm-up'
  | 'sensor-missing'
  | 'no-data'
  | 'training-short'
  | 'sensors-changed'
  | 'time-jump'
  | 'all-zero';

/** One sensor's part of a row's score; all parts add up to 1. */
export type SensorPart = {
  readonly sensor: number;
  readonly share: number;
  readonly value: number;
  readonly expected: number;
};

/**
 * A detector of one machine. Rows come in order; NaN is a missing value. Every judgement uses that row and earlier ones
 * only, and never a label.
 */
export interface Detector {
  /** Learns from rows taken to be normal, oldest first, and starts over. A detector without training only warms up. */
  fit(rows: readonly Float64Array[]): void;
  /** Judges the next row; `at` is its epoch ms where known. Never throws and never gives NaN. */
  next(row: Float64Array, at?: number): Judgement;
  /** Parts of the latest judgement, largest first. */
  explain(): readonly SensorPart[];
  /** Plain JSON data that `load` goes on from. */
  save(): unknown;
  /** @throws JoulegateError CONFIG_INVALID when the data is not of this detector. */
  load(saved: unknown): void;
}

/** Monotone in the ratio, 0.99 at the limit, and never 1, so that gross faults still rank. */
export function calibrateRatio(ratio: number): number {
  if (!(ratio > 0)) return 0;
  return ratio <= 1 ? 1 - 0.01 ** (ratio * ratio) : 1 - 0.01 / ratio;
}

/** Scores of a batch of rows, in order. */
export function judgeAll(detector: Detector, rows: readonly Float64Array[]): Judgement[] {
  return rows.map((row) => detector.next(row));
}
