import { type TLiteral, Type, type TSchema } from 'typebox';

/** A value that may be unknown. */
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const Instant = Type.String({
  format: 'date-time',
  description: 'ISO 8601 with offset of the plant time zone.',
});

/** A share or probability. */
export const Share = Type.Number({ minimum: 0, maximum: 1 });

/** Units of an answer, as UCUM has them; kgce (standard coal, GB/T 2589) and CNY are not in UCUM. */
export const unitsOf = <const Units extends Readonly<Record<string, string>>>(units: Units) => ({
  schema: Type.Object(
    Object.fromEntries(Object.entries(units).map(([name, unit]) => [name, Type.Literal(unit)])) as {
      [Name in keyof Units]: TLiteral<Units[Name] & string>;
    },
  ),
  value: units,
});

/** Parameter and member that lead through the pages of a list. */
export const Cursor = Type.Optional(
  Type.String({ maxLength: 512, description: 'From `next` of the page before; the other parameters stay the same.' }),
);
export const Next = nullable(Type.String({ description: 'Cursor of the next page; null on the last one.' }));

/** Units of a target's figures; changes are fractions. */
export const targetUnits = unitsOf({ energyKwh: 'kW.h', output: '{eq}', sec: 'kW.h/{eq}', change: '1' });
