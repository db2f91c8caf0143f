import { Type, type Static } from 'typebox';
import { LocalText } from '../../broker/contract/plant.ts';
import { StaticFactorEntry } from '../store/static-factor.ts';
import { Instant, nullable, Share, targetUnits } from './schema-parts.ts';

const TargetPeriodView = Type.Object({
  from: Type.String(),
  to: Type.String(),
  days: Type.Integer(),
  energyKwh: Type.Number(),
  output: Type.Number(),
  sec: nullable(Type.Number()),
});
const Verdict = Type.Enum(['met', 'not-met', 'not-distinguishable', 'no-figure']);

/** Where a figure comes from: same inputs, same bytes, same hash. */
export const TraceView = Type.Object({
  figure: Type.String(),
  inputs: Type.Unknown({ description: 'Windows with their revisions and everything else the figure is made from.' }),
  result: Type.Unknown(),
  codeVersion: Type.String(),
  hash: Type.String({ description: 'SHA-256 of the canonical text of the members above.' }),
});

export const TargetView = Type.Object({
  id: Type.String(),
  displayName: LocalText,
  path: Type.String(),
  base: TargetPeriodView,
  current: TargetPeriodView,
  rawChange: nullable(Type.Number({ description: 'Signed fraction: a fall is negative. Official ratio.' })),
  adjustedChange: nullable(
    Type.Number({ description: 'Change after removing the effect of load, by the base-period regression.' }),
  ),
  loadEffect: nullable(Type.Number()),
  adjustedUncertainty: nullable(Type.Number({ description: 'Half-width at 90 %.' })),
  adjustedReason: nullable(Type.String({ description: 'Why adjustedChange is null.' })),
  baseline: nullable(
    Type.Object({
      interceptKwh: Type.Number(),
      slopeKwhPerUnit: Type.Number(),
      r2: Type.Number(),
      cvRmse: Type.Number(),
      days: Type.Integer({ description: 'Observations it was fitted on.' }),
      period: Type.Enum(['day', 'shift']),
      variables: Type.Array(
        Type.Object({ name: Type.String(), slope: Type.Number(), p: Type.Number(), mayFall: Type.Boolean() }),
      ),
      valid: Type.Boolean({ description: 'Whether it may carry a verdict.' }),
      checks: Type.Array(Type.Object({ name: Type.String(), passed: Type.Boolean(), finding: Type.String() }), {
        description: 'In the order they decide.',
      }),
      leftOut: Type.Record(Type.String(), Type.Integer(), {
        description: 'Observations of the base period without a figure, by what was missing.',
      }),
    }),
  ),
  proof: nullable(
    Type.Object({
      verdict: Type.Enum(['proven', 'not-distinguishable', 'not-proven']),
      reason: Type.String(),
      changePoint: nullable(Type.String()),
    }),
  ),
  lmdi: nullable(
    Type.Object(
      {
        totalKwhPerDay: Type.Number(),
        activityKwhPerDay: Type.Number(),
        structureKwhPerDay: Type.Number(),
        intensityKwhPerDay: Type.Number(),
        parts: Type.Array(
          Type.Object({
            path: Type.String(),
            activityKwhPerDay: Type.Number(),
            structureKwhPerDay: Type.Number(),
            intensityKwhPerDay: Type.Number(),
          }),
        ),
      },
      { description: 'LMDI-I of the change of energy per day; activity + structure + intensity = total, exactly.' },
    ),
  ),
  reason: nullable(Type.String()),
  levels: Type.Array(
    Type.Object({
      reduction: Type.Number(),
      targetSec: nullable(Type.Number()),
      rawVerdict: Verdict,
      adjustedVerdict: Verdict,
      flatCutKwhPerDay: nullable(Type.Number({ description: 'To save per day when output stays flat.' })),
      outlook: nullable(
        Type.Object({
          neededSec: nullable(Type.Number()),
          forecastSec: nullable(Type.Number()),
          probability: nullable(Share),
          verdict: nullable(Type.Enum(['on-track', 'at-risk', 'off-track'])),
          reason: nullable(Type.String()),
        }),
      ),
    }),
  ),
  multiYear: nullable(
    Type.Object(
      {
        reduction: Type.Number({ description: 'Promised fall over all years.' }),
        yearlyReduction: Type.Number({ description: 'The same fall in every year that compounds to it.' }),
        years: Type.Array(
          Type.Object({
            year: Type.Integer(),
            from: Type.String(),
            to: Type.String(),
            targetSec: nullable(Type.Number()),
            sec: nullable(Type.Number()),
            change: nullable(Type.Number({ description: 'Against the base period, signed.' })),
            days: Type.Integer({ description: 'Days with a figure.' }),
            complete: Type.Boolean({ description: 'false: the year goes on.' }),
            verdict: Verdict,
          }),
        ),
      },
      { description: 'The way down over several years, and where each year stands on it.' },
    ),
  ),
  staticFactors: Type.Array(Type.Object({ ...StaticFactorEntry.properties, by: Type.String(), at: Instant }), {
    description: 'Logged changes that the baseline does not know of by itself.',
  }),
  days: Type.Array(
    Type.Object({
      day: Type.String(),
      energyKwh: Type.Number(),
      output: Type.Number(),
      sec: nullable(Type.Number()),
      runningSec: nullable(Type.Number()),
      inBase: Type.Boolean(),
    }),
  ),
  trace: TraceView,
  founding: nullable(
    Type.Object({
      id: Type.String(),
      title: LocalText,
      source: Type.String(),
      figures: Type.Array(
        Type.Object({
          id: Type.String(),
          title: LocalText,
          actual2016: nullable(Type.String()),
          target2017: nullable(Type.String()),
          unit: Type.String(),
          sentence: Type.String(),
          scope: Type.Enum(['core', 'secondary', 'out']),
        }),
      ),
    }),
  ),
});
export type TargetView = Static<typeof TargetView>;
export const TargetAnswer = Type.Object({ units: targetUnits.schema, items: Type.Array(TargetView) });
export type TargetAnswer = Static<typeof TargetAnswer>;
