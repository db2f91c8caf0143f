import { Type, type Static } from 'typebox';
import { LocalText } from '../../broker/contract/plant.ts';
import { TagDescription } from '../../broker/contract/tag.ts';
import { meterStates } from '../energy/data-quality.ts';
import { tariffLevels } from '../energy/tariff.ts';
import { Instant, nullable, Share, unitsOf } from './schema-parts.ts';

export const dataQualityUnits = unitsOf({ coverage: '1', gap: 's' });
const Class = Type.Enum(['A', 'B', 'C']);
const ClassDays = Type.Object(
  { A: Type.Integer(), B: Type.Integer(), C: Type.Integer(), none: Type.Integer() },
  { description: 'Days by the class of their figure; none: less than 80 % was measured.' },
);

/** How far the energy data may be trusted, machine by machine. */
export const DataQualityAnswer = Type.Object({
  units: dataQualityUnits.schema,
  from: Instant,
  to: Instant,
  classDays: ClassDays,
  items: Type.Array(
    Type.Object({
      path: Type.String(),
      meter: Type.Enum(meterStates, {
        description:
          'dead: behind the plant by more than ten minutes; stalled: stands still while power flows; waiting: no value yet; none: no energy or power tag.',
      }),
      meterTags: Type.Array(Type.String()),
      meterAt: nullable(Instant),
      coverage: nullable(Share),
      class: nullable(Class),
      days: ClassDays,
      estimatedShare: nullable(Share),
      worstGapSeconds: Type.Number(),
      worstGapOn: nullable(Type.String({ description: 'ISO date.' })),
      unresolved: Type.Integer({ description: 'Counter steps nobody can explain, in no sum.' }),
      restatedDays: Type.Integer({ description: 'Days that late data changed after they were final.' }),
    }),
  ),
});
export type DataQualityAnswer = Static<typeof DataQualityAnswer>;

const Spans = Type.Array(Type.Object({ level: Type.Enum(tariffLevels), from: Type.String(), to: Type.String() }));
const Months = Type.Array(Type.Integer());

// A tuple has no form that OpenAPI 3.1 tools agree on.
const TagSetup = Type.Object({
  ...TagDescription.properties,
  range: Type.Optional(Type.Array(Type.Number(), { minItems: 2, maxItems: 2 })),
});

/** What the plant is set up with, as the running service has it. */
export const SetupAnswer = Type.Object({
  equipment: Type.Array(
    Type.Object({
      path: Type.String(),
      displayName: LocalText,
      kind: nullable(Type.String()),
      tags: Type.Array(TagSetup),
    }),
  ),
  factorSets: Type.Array(
    Type.Object({
      id: Type.String(),
      quantity: Type.Enum(['kgce', 'kgCO2']),
      source: Type.String(),
      edition: Type.String(),
      region: Type.String(),
      validFrom: Type.String(),
      validTo: nullable(Type.String()),
      inForce: Type.Boolean({ description: 'Its validity holds today.' }),
      factors: Type.Array(
        Type.Object({
          carrier: Type.String(),
          unit: Type.String(),
          basis: Type.Enum(['calorific', 'equivalent']),
          value: Type.Number(),
          source: Type.String(),
        }),
      ),
    }),
  ),
  electricityEquivalent: nullable(Type.Object({ kgcePerKwh: Type.Number(), source: Type.String() })),
  boughtMedia: Type.Array(Type.String()),
  tariff: nullable(
    Type.Object({
      id: Type.String(),
      source: Type.String(),
      validFrom: Type.String(),
      validTo: nullable(Type.String()),
      flatPriceYuan: nullable(Type.Number({ description: 'Yuan per kWh.' })),
      seasons: Type.Array(Type.Object({ months: Months, spans: Spans })),
      overlays: Type.Array(
        Type.Object({ months: Months, days: Type.Array(Type.Enum(['workday', 'rest-day', 'holiday'])), spans: Spans }),
      ),
      holidays: Type.Array(Type.String()),
      makeUpWorkdays: Type.Array(Type.String()),
    }),
  ),
  calendar: Type.Object({
    timezone: Type.String(),
    shifts: Type.Array(Type.Object({ name: Type.String(), from: Type.String(), to: Type.String() })),
    dayStartsAt: Type.String(),
    meterReadingDay: Type.Integer(),
  }),
});
export type SetupAnswer = Static<typeof SetupAnswer>;
