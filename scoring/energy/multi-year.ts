import { meetsReduction, reductionPath, yearlyReduction } from './intensity.ts';
import { exactTotal } from './quantum.ts';
import type { TargetVerdict } from './target.ts';

/** A fall that is promised over several years. */
export type MultiYearPromise = {
  /** Over all years together, e.g. 0.135. */
  readonly reduction: number;
  readonly years: number;
};

export type MultiYearPath = {
  readonly reduction: number;
  /** F6: the same fall in every year that compounds to `reduction`. */
  readonly yearlyReduction: number;
  readonly years: readonly {
    /** 1 is the year that begins right after the base period. */
    readonly year: number;
    /** ISO local dates, inclusive. */
    readonly from: string;
    readonly to: string;
    /** F6: I₀(1 − r)^year; null without a base. */
    readonly targetSec: number | null;
    /** Ratio of sums over the days of the year that have a figure. */
    readonly sec: number | null;
    /** Against the base period, signed. */
    readonly change: number | null;
    readonly days: number;
    /** false: the year goes on, its verdict may change. */
    readonly complete: boolean;
    readonly verdict: TargetVerdict;
  }[];
};

type Day = { readonly day: string; readonly energyKwh: number; readonly output: number };

/**
 * F6: where each year stands on the way down. Verdicts are those of the official ratio, on unrounded values.
 * @param days days with a figure, oldest first
 * @param baseTo last day of the base period, ISO date
 * @param today ISO date of the running day
 */
export function multiYearPath(
  promise: MultiYearPromise,
  days: readonly Day[],
  { baseSec, baseTo, today }: { readonly baseSec: number | null; readonly baseTo: string; readonly today: string },
): MultiYearPath {
  const yearly = yearlyReduction(promise.reduction, promise.years);
  const path = baseSec === null ? null : reductionPath(baseSec, yearly, promise.years);
  const years = Array.from({ length: promise.years }, (_, index) => {
    const from = shift(baseTo, index, 1);
    const to = shift(baseTo, index + 1, 0);
    const own = days.filter(({ day }) => day >= from && day <= to);
    const output = exactTotal(own.map((day) => day.output));
    const sec = output > 0 ? exactTotal(own.map(({ energyKwh }) => energyKwh)) / output : null;
    const change = sec === null || baseSec === null || baseSec === 0 ? null : sec / baseSec - 1;
    const fall = 1 - (1 - yearly) ** (index + 1);
    const verdict: TargetVerdict = change === null ? 'no-figure' : meetsReduction(change, fall) ? 'met' : 'not-met';
    return {
      year: index + 1,
      from,
      to,
      targetSec: path?.[index + 1] ?? null,
      sec,
      change,
      days: own.length,
      complete: today > to,
      verdict,
    };
  });
  return { reduction: promise.reduction, yearlyReduction: yearly, years };
}

/** So many years and days after an ISO date; 29 February is followed by 28 February in a year without it. */
function shift(day: string, years: number, days: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const last = new Date(Date.UTC(year + years, month, 0)).getUTCDate();
  return new Date(Date.UTC(year + years, month - 1, Math.min(date, last) + days)).toISOString().slice(0, 10);
}
