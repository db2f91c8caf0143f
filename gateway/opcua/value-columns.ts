import { DataType, type DataValue } from 'node-opcua';
import type { ValueColumns } from './protocol.ts';

/** BadDecodingError, for a value whose type we do not carry. */
const BAD_DECODING = 0x80_07_00_00;

/** Collects data values as columns without an object per value. */
export class ColumnCollector {
  #handles = new Int32Array(1024);
  #numbers = new Float64Array(1024);
  #times = new Float64Array(1024);
  #statuses = new Uint32Array(1024);
  #texts = new Map<number, string | boolean>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(handle: number, dataValue: DataValue, receivedAt: number): void {
    const at = this.#length;
    if (at === this.#handles.length) this.#grow();
    this.#length = at + 1;
    this.#handles[at] = handle;
    this.#times[at] = (dataValue.sourceTimestamp ?? dataValue.serverTimestamp)?.getTime() ?? receivedAt;
    this.#statuses[at] = dataValue.statusCode.value >>> 0;
    this.#numbers[at] = Number.NaN;
    const { value } = dataValue;
    const plain = readVariant(value?.dataType ?? DataType.Null, value?.value);
    if (typeof plain === 'number') this.#numbers[at] = plain;
    else if (plain !== null) this.#texts.set(at, plain);
    else if ((this.#statuses[at] ?? 0) >>> 30 === 0) this.#statuses[at] = BAD_DECODING;
  }

  /** Hands out what was collected and starts anew. */
  take(): ValueColumns {
    const columns: ValueColumns = {
      handles: this.#handles.slice(0, this.#length),
      numbers: this.#numbers.slice(0, this.#length),
      times: this.#times.slice(0, this.#length),
      statuses: this.#statuses.slice(0, this.#length),
      texts: this.#texts,
    };
    this.#texts = new Map();
    this.#length = 0;
    return columns;
  }

  #grow(): void {
    const size = this.#handles.length * 2;
    const grown = <Column extends { set(other: Column): void }>(next: Column, old: Column): Column => {
      next.set(old);
      return next;
    };
    this.#handles = grown(new Int32Array(size), this.#handles);
    this.#numbers = grown(new Float64Array(size), this.#numbers);
    this.#times = grown(new Float64Array(size), this.#times);
    this.#statuses = grown(new Uint32Array(size), this.#statuses);
  }
}

/** A scalar as number, boolean or text; null for what has no value or is no scalar we carry. */
function readVariant(dataType: DataType, value: unknown): number | string | boolean | null {
  if (dataType === DataType.Int64 || dataType === DataType.UInt64)
    return readInteger64(value, dataType === DataType.Int64);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string')
    return value.text;
  return null;
}

/** node-opcua gives 64-bit integers as [high, low]; beyond 2^53 they travel as decimal text so that no digit is lost. */
function readInteger64(value: unknown, signed: boolean): number | string | null {
  if (typeof value === 'number') return value;
  if (!Array.isArray(value) || typeof value[0] !== 'number' || typeof value[1] !== 'number') return null;
  const whole = (BigInt(value[0] >>> 0) << 32n) | BigInt(value[1] >>> 0);
  const integer = signed ? BigInt.asIntN(64, whole) : whole;
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer.toString();
}
