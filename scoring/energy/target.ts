import type { LocalText } from '../../broker/contract/plant.ts';
import type { ForecastVerdict } from './intensity.ts';
import type { MultiYearPath } from './multi-year.ts';
import type { SavingVerdict } from './saving.ts';
import type { FigureTrace } from './trace.ts';

/** Verdict on one promised fall; unrounded values decide. */
export type TargetVerdict = 'met' | 'not-met' | 'not-distinguishable' | 'no-figure';

export type TargetPeriod = {
  /** ISO local dates, inclusive. */
  readonly from: string;
  readonly to: string;
  readonly days: number;
  readonly energyKwh: number;
  readonly output: number;
  /** ΣkWh / Σoutput; null without output. */
  readonly sec: number | null;
};

export type TargetReport = {
  readonly id: string;
  readonly displayName: LocalText;
  readonly path: string;
  readonly base: TargetPeriod;
  readonly current: TargetPeriod;
  /**
   * SEC now / SEC base − 1, signed: a fall is negative. null with a reason. Shown to the 14th decimal, so that
   * adjustedChange + loadEffect is exactly it; verdicts are made before that rounding.
   */
  readonly rawChange: number | null;
  /** Energy now / energy the base-period regression expects for this output − 1. */
  readonly adjustedChange: number | null;
  /** rawChange − adjustedChange: what load alone did. */
  readonly loadEffect: number | null;
  /** Half-width of the 90 % interval of adjustedChange. */
  readonly adjustedUncertainty: number | null;
  /** Why adjustedChange is null. */
  readonly adjustedReason: string | null;
  /** Base-period regression energy = intercept + Σ slope × variable per observation; by default of output per day. */
  readonly baseline: {
    readonly interceptKwh: number;
    readonly slopeKwhPerUnit: number;
    readonly r2: number;
    readonly cvRmse: number;
    /** Observations it was fitted on. */
    readonly days: number;
    readonly period: 'day' | 'shift';
    /** The first one's slope is slopeKwhPerUnit. */
    readonly variables: readonly {
      readonly name: string;
      /** kWh per unit of the variable. */
      readonly slope: number;
      readonly p: number;
      readonly mayFall: boolean;
    }[];
    /** Whether it may carry a verdict. */
    readonly valid: boolean;
    /** In the order they decide: sensible slopes, SEP's tests, CV(RMSE), uncertainty of the change, R². */
    readonly checks: readonly { readonly name: string; readonly passed: boolean; readonly finding: string }[];
    /** Observations of the base period without energy or without a variable, by what was missing. */
    readonly leftOut: Readonly<Record<string, number>>;
  } | null;
  /** Whether the load-adjusted change is beyond chance, and whether the baseline may say so at all. */
  readonly proof: {
    readonly verdict: SavingVerdict;
    readonly reason: string;
    readonly changePoint: string | null;
  } | null;
  /**
   * LMDI-I of the change of energy per day between the periods, by the objects right below the target's: more output,
   * another mix of lines, other energy per output. The three add up to `total` exactly, in any order.
   */
  readonly lmdi: {
    readonly totalKwhPerDay: number;
    readonly activityKwhPerDay: number;
    readonly structureKwhPerDay: number;
    readonly intensityKwhPerDay: number;
    readonly parts: readonly {
      readonly path: string;
      readonly activityKwhPerDay: number;
      readonly structureKwhPerDay: number;
      readonly intensityKwhPerDay: number;
    }[];
  } | null;
  readonly reason: string | null;
  /** One per promised reduction, mildest first. */
  readonly levels: readonly {
    readonly reduction: number;
    readonly targetSec: number | null;
    /** By the official ratio. */
    readonly rawVerdict: TargetVerdict;
    /** By the load-adjusted change and its uncertainty. */
    readonly adjustedVerdict: TargetVerdict;
    /** kWh to save per day when output stays flat: the promise as an absolute cut. */
    readonly flatCutKwhPerDay: number | null;
    /** F7 and F8 against the planned output; null without a plan. */
    readonly outlook: {
      /** kWh per unit the rest of the plan may use; null with the reason. */
      readonly neededSec: number | null;
      readonly forecastSec: number | null;
      readonly probability: number | null;
      readonly verdict: ForecastVerdict | null;
      readonly reason: string | null;
    } | null;
  }[];
  /** The way down over several years and where each year stands on it; null when the target is of one. */
  readonly multiYear: MultiYearPath | null;
  /** Per local day: SEC and the running SEC of the current period; null = no figure. */
  readonly days: readonly {
    readonly day: string;
    readonly energyKwh: number;
    readonly output: number;
    readonly sec: number | null;
    readonly runningSec: number | null;
    readonly inBase: boolean;
  }[];
  /** Windows, revisions and results behind the figures, with their hash. */
  readonly trace: FigureTrace;
  /** Figures of the founding document, when the target names a seed. */
  readonly founding: FoundingDocument | null;
};

/** A founding document with its figures, as kept in seeds/targets. */
export type FoundingDocument = {
  readonly id: string;
  readonly title: LocalText;
  readonly source: string;
  readonly figures: readonly {
    readonly id: string;
    readonly title: LocalText;
    readonly actual2016: string | null;
    readonly target2017: string | null;
    readonly unit: string;
    readonly sentence: string;
    readonly scope: 'core' | 'secondary' | 'out';
  }[];
};
