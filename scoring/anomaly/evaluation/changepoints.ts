/** Weights of the three NAB profiles as SKAB's scorer applies them. */
const profiles = {
  standard: { falseAlarm: 0.11, missed: 1 },
  lowFp: { falseAlarm: 0.22, missed: 1 },
  lowFn: { falseAlarm: 0.11, missed: 2 },
} as const;
export type ChangepointProfile = keyof typeof profiles;

const WINDOW_MS = 60_000;
/** Steps of the tanh between −π/2 and π/2 that rewards an early detection. */
const STEPS = 1000;

export type ChangepointScore = {
  readonly total: number;
  readonly found: number;
  readonly falseRows: number;
  /** Per profile: points reached, points of saying nothing, points of a perfect detector. */
  readonly points: Readonly<Record<ChangepointProfile, readonly [reached: number, silent: number, perfect: number]>>;
};

/**
 * SKAB's changepoint problem for one test part: every change of the alarm is a detection, a true change is found in the
 * 60 s after it, the right one of two overlapping windows is cut (waico/SKAB v0.9, tsad `chp_score`; shape of NAB).
 */
export function changepointScore(
  times: ArrayLike<number>,
  truth: readonly boolean[],
  alarms: readonly boolean[],
): ChangepointScore {
  const at = (index: number): number => times[index] ?? Number.NaN;
  const windows = truth.flatMap((label, index) => (label ? [{ from: at(index), to: at(index) + WINDOW_MS }] : []));
  windows.forEach((window, index) => {
    const next = windows[index + 1];
    if (next !== undefined && window.to >= next.from) next.from = window.to;
  });
  const detected = alarms.flatMap((alarm, index) => (alarm !== (alarms[index - 1] ?? false) ? [at(index)] : []));
  const shapes: ((falseAlarm: number) => number)[] = [];
  let falseRows = detected.filter((time) => !windows.some(({ from, to }) => time >= from && time <= to)).length;
  for (const { from, to } of windows) {
    const first = detected.find((time) => time >= from && time <= to);
    if (first !== undefined) shapes.push((falseAlarm) => early(from, first, to, falseAlarm));
  }
  const missed = windows.length - shapes.length;
  const pointsOf = (profile: ChangepointProfile): readonly [number, number, number] => {
    const weight = profiles[profile];
    const found = shapes.reduce((sum, shape) => sum + shape(weight.falseAlarm), 0);
    return [
      found - weight.falseAlarm * falseRows - weight.missed * missed,
      -weight.missed * windows.length,
      windows.length,
    ];
  };
  return {
    total: windows.length,
    found: shapes.length,
    falseRows,
    points: { standard: pointsOf('standard'), lowFp: pointsOf('lowFp'), lowFn: pointsOf('lowFn') },
  };
}

/** 0 = says nothing, 100 = perfect, over all files. */
export function normaliseChangepoints(scores: readonly ChangepointScore[], profile: ChangepointProfile): number {
  const [reached, silent, perfect] = [0, 1, 2].map((part) =>
    scores.reduce((sum, { points }) => sum + (points[profile][part] ?? 0), 0),
  ) as [number, number, number];
  return perfect === silent ? 0 : (100 * (reached - silent)) / (perfect - silent);
}

function early(from: number, at: number, to: number, falseAlarm: number): number {
  const step = Math.min(STEPS - 1, Math.trunc(((at - from) / (to - from)) * STEPS));
  const x = -Math.PI / 2 + (Math.PI * step) / (STEPS - 1);
  const [height, middle] = [(1 + falseAlarm) / 2, (1 - falseAlarm) / 2];
  return (height * -Math.tanh(x)) / Math.tanh(Math.PI / 2) + middle;
}
