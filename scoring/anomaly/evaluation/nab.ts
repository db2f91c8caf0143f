/** First and last row of a label window. */
export type NabWindow = readonly [from: number, to: number];

/** Weights of NAB's standard, reward-low-FP and reward-low-FN profiles. */
export const nabProfiles = {
  standard: { missed: 1, falseAlarm: 0.11 },
  lowFp: { missed: 1, falseAlarm: 0.22 },
  lowFn: { missed: 2, falseAlarm: 0.11 },
} as const;
export type NabProfile = keyof typeof nabProfiles;

export type NabScore = {
  readonly raw: number;
  readonly windows: number;
  readonly found: number;
  readonly falseRows: number;
};

const sigmoid = (x: number): number => (x > 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1);

/** Rows at the start that are not scored: 15 %, at most 750. */
export function nabProbation(rows: number): number {
  return Math.min(Math.floor(0.15 * rows), 750);
}

/**
 * Score of one file by NAB 1.1 (Lavin & Ahmad, ICMLA 2015; nab/sweeper.py): the earliest detection of a window counts, every
 * detection outside costs the more the longer after the last window it comes, a missed window costs `missed`.
 */
export function nabScore(detections: readonly boolean[], windows: readonly NabWindow[], profile: NabProfile): NabScore {
  const { missed, falseAlarm } = nabProfiles[profile];
  const probation = nabProbation(detections.length);
  const best = windows.map(() => -missed);
  let raw = 0;
  let falseRows = 0;
  detections.forEach((detected, row) => {
    if (!detected || row < probation) return;
    const index = windows.findIndex(([from, to]) => row >= from && row <= to);
    const window = windows[index];
    if (window !== undefined) {
      const worth = sigmoid(-(window[1] - row + 1) / (window[1] - window[0] + 1)) / sigmoid(-1);
      best[index] = Math.max(best[index] ?? -missed, worth);
      return;
    }
    falseRows += 1;
    const before = windows.findLast(([, to]) => to < row);
    raw += falseAlarm * (before === undefined ? -1 : sigmoid((row - before[1]) / (before[1] - before[0])));
  });
  return {
    raw: raw + best.reduce((sum, value) => sum + value, 0),
    windows: windows.length,
    found: best.filter((value) => value > -missed).length,
    falseRows,
  };
}

/** 0 = says nothing, 100 = perfect, over all files of a corpus. */
export function normaliseNab(scores: readonly NabScore[], profile: NabProfile): number {
  const windows = scores.reduce((sum, score) => sum + score.windows, 0);
  const raw = scores.reduce((sum, score) => sum + score.raw, 0);
  const silent = -nabProfiles[profile].missed * windows;
  return (100 * (raw - silent)) / (windows - silent);
}
