import { fitBaseline, judgeBaseline } from './baseline.ts';
import { relativeChange } from './intensity.ts';
import { exactTotal } from './quantum.ts';
import { reportSaving, type SavingVerdict } from './saving.ts';
import { traceFigure, type FigureTrace } from './trace.ts';

/** One row of a record: an amount of energy and output on an ISO date. */
export type RecordedRow = {
  readonly object: string;
  readonly day: string;
  readonly at: number;
  readonly energyKwh: number;
  readonly output: number;
};
export type DatePeriod = { readonly from: string; readonly to: string };

export type PeriodSums = DatePeriod & {
  readonly days: number;
  readonly energyKwh: number;
  readonly output: number;
  readonly energyPerDayKwh: number;
  /** kWh per unit; null without output. */
  readonly sec: number | null;
};

export type ObjectEvaluation = {
  readonly object: string;
  readonly rows: number;
  readonly energyKwh: number;
  readonly output: number;
  readonly sec: number | null;
  /** Rows further apart than the rows before and after are long. Null for daily records. */
  readonly gaps: number | null;
  readonly base: PeriodSums | null;
  readonly current: PeriodSums | null;
  /** Signed fractions; null = no base or no output. */
  readonly rawChange: number | null;
  readonly energyChange: number | null;
  readonly outputChange: number | null;
  readonly adjustedChange: number | null;
  readonly adjustedUncertainty: number | null;
  readonly verdict: SavingVerdict | 'no-figure';
  readonly reason: string;
  readonly baseline: {
    readonly interceptKwh: number;
    readonly slopeKwhPerUnit: number;
    readonly r2: number;
    readonly cvRmse: number;
    readonly lag1: number;
    readonly days: number;
    readonly valid: boolean;
    readonly findings: readonly string[];
  } | null;
  /** true: the ratio falls, but energy at this load does not provably do so. */
  readonly ratioTrap: boolean;
};

export type Evaluation = { readonly objects: readonly ObjectEvaluation[]; readonly trace: FigureTrace };

export type EvaluationOptions = {
  readonly base?: DatePeriod;
  readonly current?: DatePeriod;
  /** Length of a row for counting gaps; null for daily records. */
  readonly rowMs: number | null;
};

type Day = { readonly day: string; readonly energyKwh: number; readonly output: number };

/**
 * Verdict on a recorded file: the raw ratio of two periods beside the load-adjusted change and whether it is proven.
 * Without periods the first half of each object's days is the base. Pure: the same rows give the same bytes.
 */
export function evaluateRecord(rows: readonly RecordedRow[], options: EvaluationOptions): Evaluation {
  const names = [...new Set(rows.map(({ object }) => object))].sort();
  const objects = names.map((object) =>
    evaluateObject(
      object,
      rows.filter((row) => row.object === object),
      options,
    ),
  );
  const inputs = {
    base: options.base ?? null,
    current: options.current ?? null,
    rows: rows.map(({ object, at, energyKwh, output }) => [object, at, energyKwh, output]),
  };
  const { hash, ...trace } = traceFigure('evaluation', inputs, objects);
  return { objects, trace: { ...trace, inputs: { ...inputs, rows: rows.length }, hash } };
}

function evaluateObject(object: string, rows: readonly RecordedRow[], options: EvaluationOptions): ObjectEvaluation {
  const days = daysOf(rows);
  const half = days[Math.floor(days.length / 2)]?.day ?? '';
  const base = days.filter(({ day }) => (options.base === undefined ? day < half : within(day, options.base)));
  const current = days.filter(({ day }) =>
    options.current === undefined ? day >= half : within(day, options.current),
  );
  const before = sumsOf(base);
  const after = sumsOf(current);
  const change = (of: (sums: PeriodSums) => number | null): number | null => {
    const [now, then] = [after === null ? null : of(after), before === null ? null : of(before)];
    if (now === null || then === null) return null;
    const outcome = relativeChange(now, then);
    return outcome.kind === 'figure' ? outcome.value : null;
  };
  const fit = fitBaseline(
    [{ name: 'output', values: base.map(({ output }) => output) }],
    base.map(({ energyKwh }) => energyKwh),
  );
  const saving =
    fit === null
      ? null
      : reportSaving(fit, {
          variables: current.map(({ output }) => [output]),
          energy: current.map(({ energyKwh }) => energyKwh),
          interval: 'day',
          months: new Set(current.map(({ day }) => day.slice(0, 7))).size,
        });
  const validity = fit === null ? null : judgeBaseline(fit);
  const rawChange = change(({ sec }) => sec);
  const verdict = saving?.verdict ?? 'no-figure';
  const energyKwh = exactTotal(rows.map((row) => row.energyKwh));
  const output = exactTotal(rows.map((row) => row.output));
  return {
    object,
    rows: rows.length,
    energyKwh,
    output,
    sec: output > 0 ? energyKwh / output : null,
    gaps: options.rowMs === null ? null : gapsOf(rows, options.rowMs),
    base: before,
    current: after,
    rawChange,
    energyChange: change(({ energyPerDayKwh }) => energyPerDayKwh),
    outputChange: change((sums) => sums.output / sums.days),
    adjustedChange: saving === null ? null : -saving.savingShare,
    adjustedUncertainty:
      saving === null || saving.uncertaintyKwh === null ? null : saving.uncertaintyKwh / saving.expectedKwh,
    verdict,
    reason: saving?.reason ?? 'no baseline: too few days, or output or energy does not vary in the base period',
    baseline:
      fit === null || validity === null
        ? null
        : {
            interceptKwh: fit.intercept.value,
            slopeKwhPerUnit: fit.slopes[0]?.value ?? 0,
            r2: fit.r2,
            cvRmse: fit.cvRmse,
            lag1: fit.lag1,
            days: fit.n,
            valid: validity.valid,
            findings: validity.checks.filter(({ passed }) => !passed).map(({ finding }) => finding),
          },
    ratioTrap: rawChange !== null && rawChange < 0 && verdict !== 'proven',
  };
}

const within = (day: string, { from, to }: DatePeriod): boolean => day >= from && day <= to;

function daysOf(rows: readonly RecordedRow[]): Day[] {
  const days = new Map<string, RecordedRow[]>();
  for (const row of rows) {
    const list = days.get(row.day);
    if (list === undefined) days.set(row.day, [row]);
    else list.push(row);
  }
  return [...days]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, list]) => ({
      day,
      energyKwh: exactTotal(list.map(({ energyKwh }) => energyKwh)),
      output: exactTotal(list.map(({ output }) => output)),
    }));
}

function sumsOf(days: readonly Day[]): PeriodSums | null {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return null;
  const energyKwh = exactTotal(days.map((day) => day.energyKwh));
  const output = exactTotal(days.map((day) => day.output));
  return {
    from: first.day,
    to: last.day,
    days: days.length,
    energyKwh,
    output,
    energyPerDayKwh: energyKwh / days.length,
    sec: output > 0 ? energyKwh / output : null,
  };
}

function gapsOf(rows: readonly RecordedRow[], rowMs: number): number {
  const times = rows.map(({ at }) => at).sort((a, b) => a - b);
  return times.filter((at, index) => index > 0 && at - (times[index - 1] ?? at) > rowMs).length;
}
