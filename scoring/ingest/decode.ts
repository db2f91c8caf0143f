import type { DataSetMessage, FieldValue, PlainValue } from '../../broker/contract/data-message.ts';

/** One value of a field, decoded: NaN and ±Infinity are Bad, instants are epoch ms. */
export type DecodedValue = {
  readonly field: string;
  readonly value: number | string | boolean | null;
  readonly at: number;
  readonly statusCode: number;
};

/** BadDataUnavailable, for a value that cannot be read as what it should be. */
const BAD = 0x80_9e_00_00;
/** How OPC UA JSON writes what JSON numbers cannot. */
const NON_FINITE: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity']);
/** Instants outside are no plausible source timestamps (a far future would own "newest" for ever). */
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/**
 * Values of one DataSetMessage in order of source timestamp; fields without a plausible time are in `refused`. Arrays and
 * structures have no place in scores: they are passed over and only counted in `nonScalar`.
 */
export function decodeMessage(message: DataSetMessage): {
  readonly values: readonly DecodedValue[];
  readonly refused: readonly { readonly field: string; readonly reason: string }[];
  readonly nonScalar: number;
} {
  const values: DecodedValue[] = [];
  const refused: { field: string; reason: string }[] = [];
  let nonScalar = 0;
  for (const [field, fieldValue] of Object.entries(message.Payload ?? {})) {
    const text = fieldValue.SourceTimestamp ?? message.Timestamp;
    const at = Date.parse(text);
    if (!(at >= EARLIEST && at < LATEST)) {
      refused.push({
        field,
        reason: `source timestamp "${text.slice(0, 40)}" is not an instant between 2000 and 2100`,
      });
      continue;
    }
    const value = scalarOf(fieldValue.Value);
    if (value === undefined) nonScalar += 1;
    else values.push({ field, at, ...decodeValue(value, fieldValue.StatusCode) });
  }
  return { values: values.sort((a, b) => a.at - b.at), refused, nonScalar };
}

/** The scalar of a value: the number of an enumeration, the text of a localized text; undefined for what has none. */
function scalarOf(value: PlainValue | undefined): number | string | boolean | null | undefined {
  if (value === undefined) return null;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return undefined;
  const { Value, Name, Text, Locale, ...rest } = value as { readonly [field: string]: PlainValue };
  if (Object.keys(rest).length > 0) return undefined;
  if (typeof Value === 'number' && Name !== undefined && Text === undefined && Locale === undefined) return Value;
  return typeof Text === 'string' && Value === undefined && Name === undefined ? Text : undefined;
}

function decodeValue(
  value: number | string | boolean | null,
  status: FieldValue['StatusCode'],
): Pick<DecodedValue, 'value' | 'statusCode'> {
  const statusCode = status?.Code ?? 0;
  const isReadable = typeof value === 'string' ? !NON_FINITE.has(value) : value !== null;
  return isReadable ? { value, statusCode } : { value: null, statusCode: statusCode === 0 ? BAD : statusCode };
}
