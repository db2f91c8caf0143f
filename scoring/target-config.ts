import { Type, type Static } from 'typebox';
import { LocalText } from '../broker/contract/plant.ts';

/** What a baseline rests on; exactly one of output, product and tag. */
export const BaselineVariable = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    output: Type.Optional(Type.String({ description: 'Good output of this equipment path; empty = site.' })),
    equipment: Type.Optional(Type.String({ minLength: 1, description: 'Machine that product or tag belong to.' })),
    product: Type.Optional(
      Type.String({ minLength: 1, description: 'Good output of this product on `equipment`, for the product mix.' }),
    ),
    tag: Type.Optional(
      Type.String({ minLength: 1, description: 'Time mean of this tag of `equipment`, e.g. the outdoor temperature.' }),
    ),
    mayFall: Type.Optional(
      Type.Boolean({
        description: 'true: more of it may need less energy, e.g. outdoor temperature of a heated hall.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type BaselineVariable = Static<typeof BaselineVariable>;

/** A promised fall of energy intensity against a base period. */
export const TargetSection = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }),
    displayName: Type.Optional(LocalText),
    path: Type.String({ default: '', description: 'Equipment path the target holds for; empty = site.' }),
    basePeriod: Type.Object(
      {
        from: Type.String({ description: 'First day, ISO date in the plant time zone.' }),
        to: Type.String({ description: 'Last day, inclusive.' }),
      },
      { additionalProperties: false },
    ),
    reductions: Type.Array(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }), {
      default: [0.01, 0.015],
      description: 'Promised falls as fractions, mildest first: meet, stretch.',
    }),
    plan: Type.Optional(
      Type.Object(
        {
          to: Type.String({ description: 'Last day of the plan, ISO date; it starts after the base period.' }),
          output: Type.Number({ exclusiveMinimum: 0, description: 'Planned good output, equivalent units.' }),
        },
        {
          additionalProperties: false,
          description: 'Planned output, for the needed energy per output and the forecast.',
        },
      ),
    ),
    baseline: Type.Optional(
      Type.Object(
        {
          period: Type.Enum(['day', 'shift'], {
            default: 'day',
            description: 'Length of one observation; shift needs scoring.energy.shifts.',
          }),
          variables: Type.Array(BaselineVariable, { minItems: 1, maxItems: 10 }),
        },
        {
          additionalProperties: false,
          description: 'What energy is expected from. Left out: good output per day.',
        },
      ),
    ),
    multiYear: Type.Optional(
      Type.Object(
        {
          reduction: Type.Number({
            exclusiveMinimum: 0,
            exclusiveMaximum: 1,
            description: 'Promised fall over all years together, e.g. 0.135.',
          }),
          years: Type.Integer({ minimum: 2, maximum: 30 }),
        },
        {
          additionalProperties: false,
          description: 'A fall over several years from the day after the base period, by the same share each year.',
        },
      ),
    ),
    seed: Type.Optional(Type.String({ description: 'Founding figures shown beside the target, e.g. shanghai-2017.' })),
  },
  { additionalProperties: false },
);
export type TargetSection = Static<typeof TargetSection>;
