import { Type, type Static } from 'typebox';
import { Instant, nullable } from './schema-parts.ts';

const Kwh = nullable(Type.Number({ description: 'kWh; null is no figure, never 0 for unknown.' }));
const Yuan = nullable(Type.Number({ description: 'Yuan by the tariff; null without a price.' }));
const Range = {
  from: Type.Optional(Type.String({ description: 'ISO 8601 instant or date; default: 7 local days back.' })),
  to: Type.Optional(Type.String({ description: 'ISO 8601 instant or date, exclusive; default: now.' })),
};

export const StudyQuery = Type.Object({
  path: Type.String({ default: '', description: 'Equipment path; empty = site.' }),
  ...Range,
  baseDays: Type.Integer({
    default: 28,
    minimum: 5,
    maximum: 1100,
    description: 'Days before "from" that make the base.',
  }),
});

/** Energy by output per day: the base model, how far it may be believed, and what came after it. */
export const BaselineAnswer = Type.Object({
  path: Type.String(),
  baseFrom: Instant,
  from: Instant,
  to: Instant,
  units: Type.Object({ energy: Type.Literal('kW.h'), output: Type.Literal('{eq}'), slope: Type.Literal('kW.h/{eq}') }),
  model: nullable(
    Type.Object({
      interceptKwh: Type.Number(),
      slopeKwhPerUnit: Type.Number(),
      r2: Type.Number(),
      cvRmse: Type.Number(),
      slopeP: Type.Number({ description: 'Two-sided p of the slope.' }),
      days: Type.Integer(),
      bandKwh: Type.Number({ description: 'Half-width at 90 % for one day.' }),
      baseLoadShare: Type.Number(),
      minOutput: Type.Number(),
      maxOutput: Type.Number(),
    }),
  ),
  validity: nullable(
    Type.Object({
      valid: Type.Boolean(),
      checks: Type.Array(Type.Object({ name: Type.String(), passed: Type.Boolean(), finding: Type.String() })),
    }),
  ),
  rawChange: nullable(Type.Number({ description: 'Signed fraction; a fall is negative.' })),
  adjustedChange: nullable(Type.Number({ description: 'Against the model; null when it is not valid.' })),
  energyKwh: Kwh,
  expectedKwh: Kwh,
  days: Type.Array(
    Type.Object({
      day: Type.String(),
      energyKwh: Kwh,
      output: nullable(Type.Number()),
      inBase: Type.Boolean(),
      excluded: nullable(Type.Enum(['no-output', 'no-energy', 'low-coverage', 'no-data', 'open'])),
      expectedKwh: Kwh,
      savedKwh: nullable(Type.Number({ description: 'CUSUM since the base; rising = saving.' })),
    }),
  ),
});
export type BaselineAnswer = Static<typeof BaselineAnswer>;

export const RankingQuery = Type.Object({ ...Range, baseDays: StudyQuery.properties.baseDays });

/** Machines by what they use beyond their own base, most first. */
export const RankingAnswer = Type.Object({
  from: Instant,
  to: Instant,
  units: Type.Object({ energy: Type.Literal('kW.h'), cost: Type.Literal('CNY') }),
  items: Type.Array(
    Type.Object({
      path: Type.String(),
      energyKwh: Kwh,
      output: nullable(Type.Number()),
      sec: nullable(Type.Number()),
      reason: nullable(Type.String()),
      class: nullable(Type.Enum(['A', 'B', 'C'])),
      expectedKwh: Kwh,
      excessKwh: Kwh,
      excessReason: nullable(Type.Enum(['no-baseline', 'baseline-not-valid', 'no-days'])),
      excessCost: Yuan,
      idleKwh: Kwh,
      idleShare: nullable(Type.Number()),
      idleHours: Type.Number(),
      idleCost: Yuan,
      cost: Yuan,
    }),
  ),
});
export type RankingAnswer = Static<typeof RankingAnswer>;

export const FlowQuery = Type.Object(Range);

/** Energy of every object with what its parts do not explain. */
export const FlowAnswer = Type.Object({
  from: Instant,
  to: Instant,
  items: Type.Array(
    Type.Object({
      path: Type.String(),
      parent: nullable(Type.String()),
      energyKwh: Type.Number(),
      kgceCalorific: nullable(Type.Number()),
      kgceEquivalent: nullable(Type.Number()),
      residualKwh: nullable(Type.Number({ description: 'Own energy less its parts; null without parts.' })),
    }),
  ),
  equivalentReason: nullable(Type.String({ description: 'Why there is no equivalent value.' })),
});
export type FlowAnswer = Static<typeof FlowAnswer>;
