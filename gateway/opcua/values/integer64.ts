const TWO_32 = 0x1_00_00_00_00;
/** High words up to here give whole numbers that a double holds exactly (2^53 = 2^21 · 2^32). */
const SAFE_HIGH = 0x20_00_00;

/**
 * A 64-bit integer of node-opcua ([high, low], both unsigned) without losing a digit: a number up to ±(2^53 − 1), decimal
 * text beyond.
 */
export function readInteger64(value: unknown, signed: boolean): number | string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : BigInt(Math.trunc(value)).toString();
  if (typeof value === 'bigint') return fromBigInt(value);
  if (!Array.isArray(value) || value.length !== 2) return null;
  const high = Number(value[0]) >>> 0;
  const low = Number(value[1]) >>> 0;
  if (high < SAFE_HIGH) return high * TWO_32 + low;
  const whole = (BigInt(high) << 32n) | BigInt(low);
  return fromBigInt(signed ? BigInt.asIntN(64, whole) : whole);
}

function fromBigInt(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
