import { fitBaseline, judgeBaseline, type BaselineFit } from './baseline.ts';
import { findChangePoint } from './change-point.ts';
import { reportSaving, type SavingReport } from './saving.ts';
import type { TargetReport } from './target.ts';

/** One day or shift with what its energy may depend on, in the order of the variables; null = unknown. */
export type BaselineObservation = {
  readonly day: string;
  /** Names the observation: the day, and the shift where there is one. */
  readonly label: string;
  readonly energyKwh: number | null;
  readonly values: readonly (number | null)[];
};

export type BaselineInput = {
  readonly period: 'day' | 'shift';
  readonly variables: readonly { readonly name: string; readonly mayFall?: boolean }[];
  readonly observations: readonly BaselineObservation[];
};

/** What the baseline of a target found. */
export type TargetModel = {
  readonly period: BaselineInput['period'];
  readonly mayFall: readonly string[];
  readonly fit: BaselineFit | null;
  readonly saving: SavingReport | null;
  readonly changePoint: string | null;
  /** Observations of the base period that a fit could not use, by the variable that was unknown first. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Why there is no load-adjusted change; null when there is one. */
  readonly reason: string | null;
};

type Day = { readonly day: string; readonly energyKwh: number; readonly output: number };
type Periods = { readonly baseDays: readonly Day[]; readonly currentDays: readonly Day[] };
type Complete = { readonly day: string; readonly label: string; readonly energyKwh: number; readonly values: number[] };

/** A regression is believed from this many observations on. */
const MIN_OBSERVATIONS = 7;

/** Fits the base period and holds what came after against it; without a baseline of its own by output per day. */
export function modelOf(
  input: { readonly baseline?: BaselineInput; readonly basePeriod?: { readonly from: string; readonly to: string } },
  { baseDays, currentDays }: Periods,
): TargetModel {
  const { baseline, basePeriod } = input;
  const variables = baseline?.variables ?? [{ name: 'output' }];
  const leftOut: Record<string, number> = {};
  const complete = (observations: readonly BaselineObservation[]): Complete[] =>
    observations.flatMap(({ day, label, energyKwh, values }) => {
      const missing = values.indexOf(null);
      if (energyKwh !== null && missing === -1) return [{ day, label, energyKwh, values: values.map(Number) }];
      const name = energyKwh === null ? 'energy' : (variables[missing]?.name ?? '');
      leftOut[name] = (leftOut[name] ?? 0) + 1;
      return [];
    });
  const observed = baseline?.observations ?? [];
  const from = basePeriod?.from ?? '';
  const to = basePeriod?.to ?? '';
  const current =
    baseline === undefined ? currentDays.map(dayAsObservation) : complete(observed.filter(({ day }) => day > to));
  for (const name of Object.keys(leftOut)) delete leftOut[name];
  const base =
    baseline === undefined
      ? baseDays.map(dayAsObservation)
      : complete(observed.filter(({ day }) => day >= from && day <= to));
  const fit =
    base.length < MIN_OBSERVATIONS
      ? null
      : fitBaseline(
          variables.map(({ name }, j) => ({ name, values: base.map(({ values }) => values[j] ?? 0) })),
          base.map(({ energyKwh }) => energyKwh),
        );
  const mayFall = variables.flatMap((variable) => ('mayFall' in variable && variable.mayFall ? [variable.name] : []));
  const period = baseline?.period ?? 'day';
  const saving =
    fit === null
      ? null
      : reportSaving(fit, {
          variables: current.map(({ values }) => values),
          energy: current.map(({ energyKwh }) => energyKwh),
          interval: period,
          months: new Set(current.map(({ day }) => day.slice(0, 7))).size,
          mayFall,
        });
  const change = fit === null ? null : findChangePoint(fit.residuals);
  // A change inside the base period is asked about; it never moves the baseline by itself.
  const changePoint = change === null ? null : `${base[change.index]?.label ?? ''}: ${change.question}`;
  const reason = fit === null ? noFit(base.length, variables, leftOut) : saving === null ? NO_SAVING : null;
  return { period, mayFall, fit, saving, changePoint, leftOut, reason };
}

const NO_SAVING = 'no observation after the base period has energy and all variables yet, or the baseline expects none';

function noFit(
  found: number,
  variables: readonly { readonly name: string }[],
  leftOut: Readonly<Record<string, number>>,
): string {
  const names = variables.map(({ name }) => name).join(', ');
  if (found >= MIN_OBSERVATIONS && found > variables.length + 1)
    return `no baseline: ${names} ${variables.length === 1 ? 'does' : 'do'} not vary in the base period, or repeat one another`;
  const missing = Object.entries(leftOut).map(([name, count]) => `${name} on ${count}`);
  return `no baseline: ${found} observations of the base period have energy and ${names}, ${Math.max(MIN_OBSERVATIONS, variables.length + 2)} are needed${missing.length === 0 ? '' : `; unknown: ${missing.join(', ')}`}`;
}

const dayAsObservation = ({ day, energyKwh, output }: Day): Complete => ({
  day,
  label: day,
  energyKwh,
  values: [output],
});

/** The baseline as the report shows it, its checks in the order they decide; null where nothing could be fitted. */
export function viewModel({ period, mayFall, fit, saving, leftOut }: TargetModel): TargetReport['baseline'] {
  if (fit === null) return null;
  const { checks, valid } = judgeBaseline(fit, { mayFall });
  const fsu =
    saving === null
      ? []
      : [
          {
            name: 'fsu',
            passed: saving.uncertaintyKwh !== null && Math.abs(saving.savingKwh) > saving.uncertaintyKwh,
            finding:
              saving.uncertaintyKwh === null
                ? 'the uncertainty of the change cannot be told'
                : `change ${saving.savingKwh.toPrecision(4)} kWh ± ${saving.uncertaintyKwh.toPrecision(4)} kWh at 90 % (needs the larger change)`,
          },
        ];
  const r2 = checks.findIndex(({ name }) => name === 'r2');
  return {
    interceptKwh: fit.intercept.value,
    slopeKwhPerUnit: fit.slopes[0]?.value ?? 0,
    r2: fit.r2,
    cvRmse: fit.cvRmse,
    days: fit.n,
    period,
    variables: fit.slopes.map(({ name, value, p }) => ({ name, slope: value, p, mayFall: mayFall.includes(name) })),
    valid,
    checks: [...checks.slice(0, r2), ...fsu, ...checks.slice(r2)],
    leftOut,
  };
}
