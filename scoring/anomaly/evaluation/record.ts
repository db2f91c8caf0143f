import type { Detector } from '../detector.ts';
import { EpisodeTracker } from '../episode-tracker.ts';

/** Rows of one recorded file, oldest first; NaN is a missing value. */
export type LabelledRecord = {
  readonly name: string;
  readonly sensors: readonly string[];
  /** As written in the file. */
  readonly timestamps: readonly string[];
  /** Epoch ms, or null where the file has no readable time. */
  readonly times: Float64Array | null;
  readonly rows: readonly Float64Array[];
  /** True where the row is anomalous; never shown to a detector. */
  readonly labels: readonly boolean[];
  /** SKAB: true where a change begins or ends. */
  readonly changepoints: readonly boolean[];
};

/** What a detector says of the rows of one record. */
export type Verdicts = {
  readonly scores: readonly number[];
  /** Whether an episode is open. */
  readonly alarms: readonly boolean[];
  /** Rows an episode starts at. */
  readonly events: readonly boolean[];
};

/** Runs a detector over rows in order, with the episode logic of the product. Every verdict uses that row and earlier ones only. */
export function watchRows(
  detector: Detector,
  rows: readonly Float64Array[],
  times: Float64Array | null = null,
): Verdicts {
  const tracker = new EpisodeTracker();
  const scores: number[] = [];
  const alarms: boolean[] = [];
  const events: boolean[] = [];
  for (const [index, row] of rows.entries()) {
    const { score, ratio } = detector.next(row, times?.[index]);
    const step = tracker.next(ratio);
    scores.push(score);
    alarms.push(tracker.open);
    events.push(step === 'start');
  }
  return { scores, alarms, events };
}

/** Part of a record from row `from` on. */
export function recordFrom(record: LabelledRecord, from: number): LabelledRecord {
  return {
    ...record,
    timestamps: record.timestamps.slice(from),
    times: record.times?.slice(from) ?? null,
    rows: record.rows.slice(from),
    labels: record.labels.slice(from),
    changepoints: record.changepoints.slice(from),
  };
}

/** Numbers in [0,1) that are the same for the same seed: mulberry32 (T. Ettinger, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
