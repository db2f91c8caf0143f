import type { LocalText } from '../../broker/contract/plant.ts';
import { figureOf } from './figure.ts';
import { fitLine, savingUncertainty, type LinearFit } from './regression.ts';
import type { FoundingDocument, TargetPeriod, TargetReport, TargetVerdict } from './target.ts';
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
  readonly founding: FoundingDocument | null;
};

/** A regression is believed from this many days on. */
const MIN_BASE_DAYS = 7;

/**
 * Where an object stands against its promised falls. Raw: ratio of sums now against the base period (the official figure).
 * Load-adjusted: energy now against what the base-period regression expects for the same output, day by day. Days
 * without a figure (coverage below class C) are left out of both sides.
 */
export function reportTarget(input: TargetInput): TargetReport {
  const days = input.days.map(({ day, row }) => ({
    day,
    figure: figureOf(row),
    inBase: day >= input.basePeriod.from && day <= input.basePeriod.to,
  }));
  const usable = days.filter(
    ({ figure }) => figure.class !== null && figure.energyKwh !== null && figure.output !== null,
  );
  const baseDays = usable.filter(({ inBase }) => inBase);
  const currentDays = usable.filter(({ day }) => day > input.basePeriod.to);
  const base = period(baseDays, input.basePeriod);
  const current = period(currentDays, { from: currentDays[0]?.day ?? '', to: currentDays.at(-1)?.day ?? '' });
  const rawChange = base.sec === null || current.sec === null ? null : current.sec / base.sec - 1;
  const fit =
    baseDays.length < MIN_BASE_DAYS
      ? null
      : fitLine(
          baseDays.map(({ figure }) => figure.output ?? 0),
          baseDays.map(({ figure }) => figure.energyKwh ?? 0),
        );
  const expected =
    fit === null
      ? null
      : expectedEnergy(
          fit,
          currentDays.map(({ figure }) => figure.output ?? 0),
        );
  const adjustedChange = expected === null || currentDays.length === 0 ? null : current.energyKwh / expected - 1;
  const adjustedUncertainty =
    fit === null || adjustedChange === null
      ? null
      : savingUncertainty(fit, currentDays.length, Math.ceil(baseDays.length / 30.4));
  let energy = 0;
  let output = 0;
  return {
    id: input.id,
    displayName: input.displayName,
    path: input.path,
    base,
    current,
    rawChange,
    adjustedChange,
    loadEffect: rawChange === null || adjustedChange === null ? null : rawChange - adjustedChange,
    adjustedUncertainty,
    baseline:
      fit === null
        ? null
        : { interceptKwh: fit.intercept, slopeKwhPerUnit: fit.slope, r2: fit.r2, cvRmse: fit.cvRmse, days: fit.n },
    reason: reasonOf(base, current),
    levels: input.reductions.map((reduction) => ({
      reduction,
      targetSec: base.sec === null ? null : base.sec * (1 - reduction),
      rawVerdict: rawChange === null ? 'no-figure' : rawChange <= -reduction ? 'met' : 'not-met',
      adjustedVerdict: adjustedVerdict(adjustedChange, adjustedUncertainty, reduction),
    })),
    days: days.map(({ day, figure, inBase }) => {
      if (!inBase && day > input.basePeriod.to && figure.class !== null) {
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
    }),
    founding: input.founding,
  };
}

/** Energy the base-period line expects for these daily outputs, kWh. */
function expectedEnergy(fit: LinearFit, outputs: readonly number[]): number | null {
  const total = outputs.reduce((sum, output) => sum + fit.intercept + fit.slope * output, 0);
  return total > 0 ? total : null;
}

/** Met or not only when the interval around the change lies on one side of the promise. */
function adjustedVerdict(change: number | null, uncertainty: number | null, reduction: number): TargetVerdict {
  if (change === null || uncertainty === null) return 'no-figure';
  if (change + uncertainty <= -reduction) return 'met';
  if (change - uncertainty > -reduction) return 'not-met';
  return 'not-distinguishable';
}

function period(
  days: readonly { readonly figure: { readonly energyKwh: number | null; readonly output: number | null } }[],
  { from, to }: { readonly from: string; readonly to: string },
): TargetPeriod {
  const energyKwh = days.reduce((sum, { figure }) => sum + (figure.energyKwh ?? 0), 0);
  const output = days.reduce((sum, { figure }) => sum + (figure.output ?? 0), 0);
  return { from, to, days: days.length, energyKwh, output, sec: output > 0 ? energyKwh / output : null };
}

function reasonOf(base: TargetPeriod, current: TargetPeriod): string | null {
  if (base.days === 0) return `no day of the base period ${base.from} to ${base.to} has a figure: no base`;
  if (base.sec === null) return 'the base period has no output: no base';
  if (current.days === 0) return 'no full day after the base period has a figure yet';
  if (current.sec === null) return 'no output since the base period';
  return null;
}
