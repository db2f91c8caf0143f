import { confusionOf, rates } from './confusion.ts';
import type { LabelledRecord, Verdicts } from './record.ts';

/** Area under precision-recall by steps: precision at each new recall (Davis & Goadrich, ICML 2006). NaN without any label. */
export function averagePrecision(labels: readonly boolean[], scores: readonly number[]): number {
  const order = labels.map((_, index) => index).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const positives = labels.filter(Boolean).length;
  if (positives === 0) return Number.NaN;
  let [found, area, recallBefore] = [0, 0, 0];
  order.forEach((index, rank) => {
    if (labels[index] === true) found += 1;
    const next = order[rank + 1];
    if (next !== undefined && scores[next] === scores[index]) return;
    area += (found / positives - recallBefore) * (found / (rank + 1));
    recallBefore = found / positives;
  });
  return area;
}

/** Labelled stretches and how the alarms meet them. */
export type EventView = {
  readonly events: number;
  readonly found: number;
  /** Median rows from the start of a found event to its first alarm; null when none was found. */
  readonly medianDelayRows: number | null;
  /** Alarm episodes that touch no labelled row. */
  readonly falseEpisodes: number;
  /**
   * Half the mean share of each event's time that was left at its first alarm, half the mean of hit and quiet rate
   * (Taormina et al., J. Water Resour. Plann. Manage. 144(8), 2018: score S of the BATADAL).
   */
  readonly competitionScore: number;
};

/** Compares stretches of labels with stretches of alarms. */
export function eventView(labels: readonly boolean[], alarms: readonly boolean[]): EventView {
  const events = stretches(labels);
  const delays = events.map(([from, to]) => {
    const first = alarms.indexOf(true, from);
    return first === -1 || first > to ? null : first - from;
  });
  const found = delays.filter((delay) => delay !== null).sort((a, b) => a - b);
  const { far, mar } = rates(confusionOf(labels, alarms));
  const timely = events.map(([from, to], index) => 1 - (delays[index] ?? to - from + 1) / (to - from + 1));
  const meanTimely = timely.reduce((sum, share) => sum + share, 0) / Math.max(1, events.length);
  return {
    events: events.length,
    found: found.length,
    medianDelayRows: found[Math.floor(found.length / 2)] ?? null,
    falseEpisodes: stretches(alarms).filter(([from, to]) => !labels.slice(from, to + 1).includes(true)).length,
    competitionScore: (meanTimely + (200 - far - mar) / 200) / 2,
  };
}

/** First and last row of every run of true. */
export function stretches(flags: readonly boolean[]): (readonly [from: number, to: number])[] {
  const runs: (readonly [number, number])[] = [];
  let from = -1;
  for (let index = 0; index <= flags.length; index += 1) {
    if (flags[index] === true && from === -1) from = index;
    if (flags[index] !== true && from !== -1) {
      runs.push([from, index - 1]);
      from = -1;
    }
  }
  return runs;
}

/** Detectors that look at no sensor; their rows stand beside ours in every table. */
export const trivialRows = ['always', 'random', 'position'] as const;
export type TrivialRow = (typeof trivialRows)[number];

/**
 * Verdicts of a trivial row: `always` is on, `random` throws a coin for every row, `position` is on from row `start` to
 * the end with a score that rises with the row number.
 */
export function trivialVerdicts(
  kind: TrivialRow,
  record: LabelledRecord,
  { start, random }: { readonly start: number; readonly random: () => number },
): Verdicts {
  const scores = record.rows.map((_, index) => {
    if (kind === 'always') return 1;
    return kind === 'random' ? random() : (index + 1) / record.rows.length;
  });
  const alarms = scores.map((score, index) => (kind === 'position' ? index >= start : score >= 0.5));
  return { scores, alarms, events: alarms.map((alarm, index) => alarm && alarms[index - 1] !== true) };
}
