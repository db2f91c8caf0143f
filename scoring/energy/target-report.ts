import type { LocalText } from '../../broker/contract/plant.ts';
import type { BaselineFit } from './baseline.ts';
import { figureOf, type EnergyFigure } from './figure.ts';
import { flatOutputCut, meetsReduction } from './intensity.ts';
import { decompose } from './lmdi.ts';
import { multiYearPath, type MultiYearPromise } from './multi-year.ts';
import { outlookOf, type OutputPlan } from './outlook.ts';
import { exactTotal } from './quantum.ts';
import type { SavingReport } from './saving.ts';
import type { FoundingDocument, TargetPeriod, TargetReport, TargetVerdict } from './target.ts';
import { modelOf, viewModel, type BaselineInput } from './target-model.ts';
import { traceFigure } from './trace.ts';
import type { EnergyWindow } from './window.ts';

/** One local day of the target's object, with its ISO date. */
export type TargetDay = { readonly day: string; readonly row: EnergyWindow };

export type TargetInput = {
  readonly id: string;
  readonly displayName: LocalText;
  readonly path: string;
  /** ISO local dates, inclusive. */
  readonly basePeriod: { readonly from: string; readonly to: string };
  readonly reductions: readonly number[];
  /** From the first base day to now, oldest first; the running day is left out by the caller. */
  readonly days: readonly TargetDay[];
  /** The same days of the objects right below, for the decomposition. Default: none. */
  readonly children?: readonly TargetDay[];
  /** Planned output; without one there is no outlook. */
  readonly plan?: OutputPlan;
  /** What energy is expected from; default: output per day. */
  readonly baseline?: BaselineInput;
  /** A fall over several years, with the running day (ISO date). */
  readonly multiYear?: MultiYearPromise & { readonly today: string };
  readonly founding: FoundingDocument | null;
};

type UsableDay = {
  readonly day: string;
  readonly energyKwh: number;
  readonly output: number;
  readonly row: EnergyWindow;
};

const DAY_MS = 86_400_000;
const GRID = 2 ** 44;

/**
 * Where an object stands against its promised falls. Raw: ratio of sums now against the base period (the official figure).
 * Load-adjusted: energy now against what the base-period regression expects for the same output, day by day. Days
 * without a figure (coverage below class C) are left out of both sides.
 */
export function reportTarget(input: TargetInput): TargetReport {
  const figures = input.days.map(({ day, row }) => ({ day, row, figure: figureOf(row) }));
  const usable = figures.flatMap(({ day, row, figure }) => {
    const { energyKwh, output } = figure;
    return figure.class === null || energyKwh === null || output === null ? [] : [{ day, energyKwh, output, row }];
  });
  const baseDays = usable.filter(({ day }) => day >= input.basePeriod.from && day <= input.basePeriod.to);
  const currentDays = usable.filter(({ day }) => day > input.basePeriod.to);
  const base = period(baseDays, input.basePeriod);
  const current = period(currentDays, { from: currentDays[0]?.day ?? '', to: currentDays.at(-1)?.day ?? '' });
  const exactRaw = base.sec === null || current.sec === null || base.sec === 0 ? null : current.sec / base.sec - 1;
  const model = modelOf(input, { baseDays, currentDays });
  const { fit, saving } = model;
  // A plan knows output per day only.
  const dayFit = input.baseline === undefined ? fit : modelOf({}, { baseDays, currentDays }).fit;
  const rawChange = onGrid(exactRaw);
  const adjustedChange = onGrid(saving === null ? null : -saving.savingShare);
  const adjustedUncertainty =
    saving === null || saving.uncertaintyKwh === null ? null : saving.uncertaintyKwh / saving.expectedKwh;
  const report: Omit<TargetReport, 'trace'> = {
    id: input.id,
    displayName: input.displayName,
    path: input.path,
    base,
    current,
    rawChange,
    adjustedChange,
    loadEffect: rawChange === null || adjustedChange === null ? null : rawChange - adjustedChange,
    adjustedUncertainty,
    adjustedReason: model.reason,
    baseline: viewModel(model),
    proof:
      saving === null || fit === null
        ? null
        : { verdict: saving.verdict, reason: saving.reason, changePoint: model.changePoint },
    lmdi: lmdiOf(input, baseDays, currentDays),
    reason: reasonOf(base, current),
    levels: input.reductions.map((reduction) => ({
      reduction,
      targetSec: base.sec === null ? null : base.sec * (1 - reduction),
      rawVerdict: exactRaw === null ? 'no-figure' : meetsReduction(exactRaw, reduction) ? 'met' : 'not-met',
      adjustedVerdict: adjustedVerdict(saving, adjustedUncertainty, reduction),
      flatCutKwhPerDay: flatCut(base, reduction),
      outlook: outlook(input, { base, current, fit: dayFit, reduction }),
    })),
    multiYear:
      input.multiYear === undefined
        ? null
        : multiYearPath(input.multiYear, usable, {
            baseSec: base.sec,
            baseTo: input.basePeriod.to,
            today: input.multiYear.today,
          }),
    days: runningDays(figures, input.basePeriod),
    founding: input.founding,
  };
  return { ...report, trace: traceOf(input, report) };
}

/** Met or not only when the interval around the change lies on one side of the promise. */
function adjustedVerdict(saving: SavingReport | null, uncertainty: number | null, reduction: number): TargetVerdict {
  if (saving === null) return 'no-figure';
  if (uncertainty === null) return 'not-distinguishable';
  const change = -saving.savingShare;
  if (change - uncertainty > -reduction) return 'not-met';
  // A baseline that may carry no verdict can deny a promise, but not confirm it.
  return change + uncertainty <= -reduction && saving.verdict === 'proven' ? 'met' : 'not-distinguishable';
}

function lmdiOf(
  input: TargetInput,
  baseDays: readonly UsableDay[],
  currentDays: readonly UsableDay[],
): TargetReport['lmdi'] {
  if (baseDays.length === 0 || currentDays.length === 0) return null;
  const inBase = new Set(baseDays.map(({ day }) => day));
  const inCurrent = new Set(currentDays.map(({ day }) => day));
  const children = input.children ?? [];
  const rows = children.length > 0 ? children : [...baseDays, ...currentDays];
  const perDay = (path: string, of: 'energyKwh' | 'output', days: ReadonlySet<string>): number =>
    exactTotal(rows.filter(({ day, row }) => row.path === path && days.has(day)).map(({ row }) => row[of])) / days.size;
  const result = decompose(
    [...new Set(rows.map(({ row }) => row.path))].sort().map((path) => ({
      name: path,
      energyBase: perDay(path, 'energyKwh', inBase),
      energyNow: perDay(path, 'energyKwh', inCurrent),
      outputBase: perDay(path, 'output', inBase),
      outputNow: perDay(path, 'output', inCurrent),
    })),
  );
  return result === null
    ? null
    : {
        totalKwhPerDay: result.total,
        activityKwhPerDay: result.activity,
        structureKwhPerDay: result.structure,
        intensityKwhPerDay: result.intensity,
        parts: result.parts.map(({ name, activity, structure, intensity }) => ({
          path: name,
          activityKwhPerDay: activity,
          structureKwhPerDay: structure,
          intensityKwhPerDay: intensity,
        })),
      };
}

function flatCut(base: TargetPeriod, reduction: number): number | null {
  const cut = flatOutputCut(base.energyKwh, base.days, reduction);
  return cut.kind === 'figure' ? cut.value.perDayKwh : null;
}

function outlook(
  { plan, basePeriod }: TargetInput,
  found: {
    readonly base: TargetPeriod;
    readonly current: TargetPeriod;
    readonly fit: BaselineFit | null;
    readonly reduction: number;
  },
): TargetReport['levels'][number]['outlook'] {
  const { base, current, fit, reduction } = found;
  if (plan === undefined || base.sec === null) return null;
  const last = current.days === 0 ? basePeriod.to : current.to;
  return outlookOf({
    plan,
    baseSec: base.sec,
    energyToDateKwh: current.energyKwh,
    outputToDate: current.output,
    daysLeft: Math.max(0, Math.round((Date.parse(plan.to) - Date.parse(last)) / DAY_MS)),
    fit,
    reduction,
  });
}

function runningDays(
  days: readonly { readonly day: string; readonly figure: EnergyFigure }[],
  base: TargetInput['basePeriod'],
): TargetReport['days'] {
  let energy = 0;
  let output = 0;
  return days.map(({ day, figure }) => {
    const inBase = day >= base.from && day <= base.to;
    if (!inBase && day > base.to && figure.class !== null) {
      energy += figure.energyKwh ?? 0;
      output += figure.output ?? 0;
    }
    return {
      day,
      energyKwh: figure.energyKwh ?? 0,
      output: figure.output ?? 0,
      sec: figure.sec,
      runningSec: inBase || output === 0 ? null : energy / output,
      inBase,
    };
  });
}

function traceOf(input: TargetInput, report: Omit<TargetReport, 'trace'>): TargetReport['trace'] {
  const windows = [...input.days, ...(input.children ?? [])].map(({ day, row }) => ({
    day,
    path: row.path,
    revision: row.revision,
    energyKwh: row.energyKwh,
    output: row.output,
    estimatedKwh: row.estimatedKwh,
    coveredMs: row.coveredMs,
    expectedMs: row.expectedMs,
    worstGapMs: row.worstGapMs,
    unresolved: row.unresolved,
  }));
  const { rawChange, adjustedChange, adjustedUncertainty, lmdi, levels } = report;
  return traceFigure(
    `target ${input.id}`,
    {
      path: input.path,
      basePeriod: input.basePeriod,
      reductions: input.reductions,
      plan: input.plan ?? null,
      baseline: input.baseline ?? null,
      windows,
    },
    { rawChange, adjustedChange, adjustedUncertainty, lmdi, levels },
  );
}

/** Rounds at the 14th decimal onto a binary grid, on which sums are exact. */
function onGrid(change: number | null): number | null {
  return change === null ? null : Math.round(change * GRID) / GRID;
}

function period(
  days: readonly UsableDay[],
  { from, to }: { readonly from: string; readonly to: string },
): TargetPeriod {
  const energyKwh = exactTotal(days.map((day) => day.energyKwh));
  const output = exactTotal(days.map((day) => day.output));
  return { from, to, days: days.length, energyKwh, output, sec: output > 0 ? energyKwh / output : null };
}

function reasonOf(base: TargetPeriod, current: TargetPeriod): string | null {
  if (base.days === 0) return `no day of the base period ${base.from} to ${base.to} has a figure: no base`;
  if (base.sec === null) return 'the base period has no output: no base';
  if (current.days === 0) return 'no full day after the base period has a figure yet';
  if (current.sec === null) return 'no output since the base period';
  return null;
}
