/** Why a machine has no score right now. */
export type NoScoreReason = 'learning' | 'no-data' | 'sensor-missing' | 'transition' | 'no-sensors' | 'unknown-context';

/** One sensor's part in a score. */
export type Contribution = {
  readonly tag: string;
  /** Part of the statistic, all parts add up to 1. */
  readonly share: number;
  readonly value: number;
  /** What the model expected. */
  readonly expected: number;
  readonly unit?: string;
};

/** Anomaly score of one machine for one row of sensor means. */
export type AnomalyScore = {
  readonly path: string;
  /** Epoch ms, end of the row's interval. */
  readonly at: number;
  /** In [0,1]; the alarm threshold is ALARM_SCORE on every machine. null with a reason: not scored. */
  readonly score: number | null;
  readonly reason?: NoScoreReason;
  /** Operating context the row was judged in, e.g. run. */
  readonly context: string;
  /** true while an anomaly episode is open. */
  readonly alarm: boolean;
  readonly model: string;
  /** Largest first; only given from ELEVATED_SCORE on. */
  readonly contributions: readonly Contribution[];
};

/** An uninterrupted time of alarm of one machine. */
export type AnomalyEpisode = {
  readonly id: string;
  readonly path: string;
  readonly from: number;
  /** null while it lasts. */
  readonly to: number | null;
  readonly peakScore: number;
  readonly peakAt: number;
  readonly context: string;
  readonly model: string;
  readonly contributions: readonly Contribution[];
};

/** A calibrated score means the same on every machine: this one is exceeded as often as the alarm budget allows. */
export const ALARM_SCORE = 0.99;
/** From here on contributions are kept with the score. */
export const ELEVATED_SCORE = 0.9;
