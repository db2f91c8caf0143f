import { Type, type TSchema } from 'typebox';

/** A value that may be unknown. */
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const Instant = Type.String({
  format: 'date-time',
  description: 'ISO 8601 with offset of the plant time zone.',
});

/** A share or probability. */
export const Share = Type.Number({ minimum: 0, maximum: 1 });
