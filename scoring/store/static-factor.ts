import { Type, type Static } from 'typebox';

/** A change of something that is relevant but does not change by itself: shifts, machines, product range, building (ISO 50006). */
export const StaticFactorEntry = Type.Object(
  {
    path: Type.String({ maxLength: 256, description: 'Equipment path it concerns; empty = site.' }),
    from: Type.String({
      pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
      description: 'First local day the change holds.',
      examples: ['2026-03-01'],
    }),
    factor: Type.String({ minLength: 1, maxLength: 128, examples: ['shifts per week'] }),
    before: Type.String({ maxLength: 256 }),
    after: Type.String({ minLength: 1, maxLength: 256 }),
    reason: Type.String({ minLength: 1, maxLength: 512 }),
  },
  { additionalProperties: false },
);
export type StaticFactorEntry = Static<typeof StaticFactorEntry>;

/** An entry with who made it and when (epoch ms). */
export type LoggedStaticFactor = StaticFactorEntry & { readonly by: string; readonly at: number };

/** Whether a change of one object concerns another: the same, or one lies below the other. */
export const concerns = ({ path }: StaticFactorEntry, object: string): boolean =>
  path === '' || object === '' || path === object || path.startsWith(`${object}/`) || object.startsWith(`${path}/`);
