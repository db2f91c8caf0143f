import { DataType, type DataValue } from 'node-opcua';

/** A scalar of the library as number, boolean or text; null for what has no value or is no scalar. */
export function plainScalar({ value: variant }: DataValue): number | string | boolean | null {
  const dataType = variant?.dataType ?? DataType.Null;
  const value: unknown = variant?.value;
  if (dataType === DataType.Int64 || dataType === DataType.UInt64)
    return readInteger64(value, dataType === DataType.Int64);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string')
    return value.text;
  return null;
}

/** The library gives 64-bit integers as [high, low]; beyond 2^53 they travel as decimal text so that no digit is lost. */
function readInteger64(value: unknown, signed: boolean): number | string | null {
  if (typeof value === 'number') return value;
  if (!Array.isArray(value) || typeof value[0] !== 'number' || typeof value[1] !== 'number') return null;
  const whole = (BigInt(value[0] >>> 0) << 32n) | BigInt(value[1] >>> 0);
  const integer = signed ? BigInt.asIntN(64, whole) : whole;
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer.toString();
}
