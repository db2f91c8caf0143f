import { expectEnergy, fitBaseline, judgeBaseline, type BaselineFit, type BaselineValidity } from './baseline.ts';
import { studentQuantile } from './distribution.ts';
import { addSums, figureOf, type NoFigureReason } from './figure.ts';
import { cusumOfSavings } from './saving.ts';
import type { EnergyWindow } from './window.ts';

/** A local day beside what the base period expects of it. */
export type StudyDay = {
  readonly start: number;
  readonly energyKwh: number | null;
  readonly output: number | null;
  readonly inBase: boolean;
  /** Why the day is in no sum and no fit; null when it is. */
  readonly excluded: NoFigureReason | 'open' | null;
  /** Energy the base model expects for this output; null without a model or an own figure. */
  readonly expectedKwh: number | null;
  /** F11, kWh since the end of the base: rising = saving. null within the base. */
  readonly savedKwh: number | null;
};

export type BaselineStudy = {
  readonly days: readonly StudyDay[];
  readonly fit: BaselineFit | null;
  readonly validity: BaselineValidity | null;
  /** Half-width in kWh at 90 % for one day about the model. */
  readonly bandKwh: number | null;
  /** Share of base load: intercept × days / energy of the base. */
  readonly baseLoadShare: number | null;
  /** Ratio of sums after the base against the base, − 1. */
  readonly rawChange: number | null;
  /** Energy after the base against what the model expects, − 1; null when the model is not valid. */
  readonly adjustedChange: number | null;
  /** Sums of the days after the base that have a figure. */
  readonly energyKwh: number | null;
  readonly expectedKwh: number | null;
};

const CONFIDENCE = 0.9;

/** Energy by output per day (F9): days before `from` make the base, later ones are judged by it. Pure. */
export function studyBaseline(windows: readonly EnergyWindow[], from: number): BaselineStudy {
  const known = windows.map((window) => ({ window, figure: figureOf(window), inBase: window.start < from }));
  const usable = known.filter(({ window, figure }) => window.state === 'final' && figure.sec !== null);
  const base = usable.filter(({ inBase }) => inBase);
  const later = usable.filter(({ inBase }) => !inBase);
  const fit = fitBaseline(
    [{ name: 'output', values: base.map(({ window }) => window.output) }],
    base.map(({ window }) => window.energyKwh),
  );
  const validity = fit === null ? null : judgeBaseline(fit);
  const expect = (output: number) => (fit === null ? null : expectEnergy(fit, [output]));
  const expected = later.map(({ window }) => expect(window.output) ?? 0);
  const saved = cusumOfSavings(
    expected,
    later.map(({ window }) => window.energyKwh),
  );
  const savedAt = new Map(later.map(({ window }, index) => [window.start, saved[index] ?? 0]));
  const [before, after] = [base, later].map((part) => figureOf(addSums(part.map(({ window }) => window))));
  const secs = [before?.sec ?? null, after?.sec ?? null] as const;
  const expectedKwh = fit === null || later.length === 0 ? null : expected.reduce((sum, value) => sum + value, 0);
  const energyKwh = later.length === 0 ? null : (after?.energyKwh ?? null);
  return {
    days: known.map(({ window, figure, inBase }) => {
      const excluded = window.state === 'final' ? (figure.sec === null ? figure.reason : null) : 'open';
      return {
        start: window.start,
        energyKwh: figure.energyKwh,
        output: figure.output,
        inBase,
        excluded,
        expectedKwh: excluded === null ? expect(window.output) : null,
        savedKwh: fit === null ? null : (savedAt.get(window.start) ?? null),
      };
    }),
    fit,
    validity,
    bandKwh: fit === null ? null : studentQuantile(CONFIDENCE, fit.n - 2) * fit.standardError,
    baseLoadShare: fit === null ? null : fit.intercept.value / fit.meanEnergy,
    rawChange: secs[0] === null || secs[1] === null ? null : secs[1] / secs[0] - 1,
    adjustedChange:
      validity?.valid === true && expectedKwh !== null && expectedKwh > 0 && energyKwh !== null
        ? energyKwh / expectedKwh - 1
        : null,
    energyKwh,
    expectedKwh,
  };
}
