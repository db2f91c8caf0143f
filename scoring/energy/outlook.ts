import { expectEnergy, type BaselineFit } from './baseline.ts';
import { meetProbability, neededIntensity, noFigure, type ForecastVerdict, type Outcome } from './intensity.ts';

/** What is planned from the first day after the base period to the last day of the plan. */
export type OutputPlan = {
  /** ISO date, inclusive. */
  readonly to: string;
  /** Good output of the whole time, equivalent units. */
  readonly output: number;
};

export type Outlook = {
  readonly neededSec: number | null;
  readonly forecastSec: number | null;
  readonly probability: number | null;
  readonly verdict: ForecastVerdict | null;
  readonly reason: string | null;
};

export type OutlookInput = {
  readonly plan: OutputPlan;
  readonly baseSec: number;
  readonly energyToDateKwh: number;
  readonly outputToDate: number;
  /** Days from now to the end of the plan. */
  readonly daysLeft: number;
  readonly fit: BaselineFit | null;
  /** Saving share proven so far is not carried on: the forecast is the baseline's. */
  readonly reduction: number;
};

/** F7 and F8: what the rest of the plan may use, and how likely the promise is met when the rest runs as the baseline says. */
export function outlookOf(input: OutlookInput): Outlook {
  const { plan, baseSec, energyToDateKwh, outputToDate, daysLeft, fit, reduction } = input;
  const needed = neededIntensity({
    baseIntensity: baseSec,
    reduction,
    plannedActivity: plan.output,
    activityToDate: outputToDate,
    energyToDate: energyToDateKwh,
  });
  const rest = plan.output - outputToDate;
  let forecastSec: number | null = null;
  let probability: Outcome<{ readonly probability: number; readonly verdict: ForecastVerdict }> =
    noFigure('no baseline to forecast with');
  if (fit !== null && daysLeft > 0 && rest > 0 && plan.output > 0) {
    const restKwh = daysLeft * expectEnergy(fit, [rest / daysLeft]);
    forecastSec = (energyToDateKwh + restKwh) / plan.output;
    const rho = Math.min(0.95, Math.max(0, fit.lag1));
    const sigma = (fit.standardError * Math.sqrt((daysLeft * (1 + rho)) / (1 - rho))) / plan.output;
    probability = meetProbability(forecastSec, baseSec * (1 - reduction), sigma);
  }
  const figures = probability.kind === 'figure' ? probability.value : null;
  return {
    neededSec: needed.kind === 'figure' ? needed.value : null,
    forecastSec,
    probability: figures?.probability ?? null,
    verdict: figures?.verdict ?? null,
    reason: needed.kind === 'no-figure' ? needed.reason : probability.kind === 'no-figure' ? probability.reason : null,
  };
}
