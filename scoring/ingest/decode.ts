import type { DataSetMessage, FieldValue } from '../../broker/contract/data-message.ts';

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

/** Values of one DataSetMessage in order of source timestamp; fields without a plausible time are in `refused`. */
export function decodeMessage(message: DataSetMessage): {
  readonly values: readonly DecodedValue[];
  readonly refused: readonly { readonly field: string; readonly reason: string }[];
} {
  const values: DecodedValue[] = [];
  const refused: { field: string; reason: string }[] = [];
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
    values.push({ field, at, ...decodeValue(fieldValue) });
  }
  return { values: values.sort((a, b) => a.at - b.at), refused };
}

function decodeValue({ Value, StatusCode }: FieldValue): Pick<DecodedValue, 'value' | 'statusCode'> {
  const statusCode = StatusCode?.Code ?? 0;
  if (typeof Value === 'number' && Number.isFinite(Value)) return { value: Value, statusCode };
  if (typeof Value === 'boolean') return { value: Value, statusCode };
  if (typeof Value === 'string' && !NON_FINITE.has(Value)) return { value: Value, statusCode };
  return { value: null, statusCode: statusCode === 0 ? BAD : statusCode };
}
