import { BinaryStream, DataChangeNotification, DataValue } from 'node-opcua';
import { valueKind } from '../tags/value-batch.ts';
import type { PlainValue } from '../tags/plain-value.ts';
import type { ColumnCollector } from './value-columns.ts';

import { defaultLimits, RefusedValue, refusals } from './values/value-limits.ts';

/** The body of a DataChangeNotification as it came, before anything is made of it. */
const bodies = new WeakMap<DataChangeNotification, Buffer>();

/** Where the slow path finds a value: everything that is no plain scalar. */
export type OtherValue = (handle: number, dataValue: DataValue) => PlainValue | RefusedValue;

// eslint-disable-next-line typescript/unbound-method -- called with the notification as `this`
const decodeByLibrary = DataChangeNotification.prototype.decode;

/**
 * Makes the library keep the bytes of data change notifications instead of building objects of them. For the whole thread,
 * and only where the body stands alone in an extension object, whose length is before it.
 */
export function keepNotificationBodies(): void {
  DataChangeNotification.prototype.decode = function keepBody(
    this: DataChangeNotification,
    stream: BinaryStream,
  ): void {
    const begin = stream.length;
    const length = begin < 4 ? -1 : stream.buffer.readInt32LE(begin - 4);
    if (length < 8 || begin + length > stream.buffer.length) {
      decodeByLibrary.call(this, stream);
      return;
    }
    this.monitoredItems = [];
    this.diagnosticInfos = null;
    bodies.set(this, stream.buffer.subarray(begin, begin + length));
    stream.length = begin + length;
  };
}

/** Makes the library decode data change notifications itself again. */
export function releaseNotificationBodies(): void {
  DataChangeNotification.prototype.decode = decodeByLibrary;
}

export type Taken = {
  /** Values whose Overflow bit says that the server dropped some before them. */
  readonly overflows: number;
  /** Items that could not be decoded; those behind them in the same notification are lost with them. */
  readonly undecodable: number;
};

/** Data value info with the overflow bit (OPC 10000-4 7.39.1). */
const OVERFLOW_BIT = 0x480;
/** BadDecodingError, for a value that cannot be carried. */
const BAD_DECODING = 0x80_07_00_00;
/** 100 ns ticks between 1601-01-01 (OPC 10000-6 5.2.2.5) and 1970-01-01, in ms. */
const EPOCH_OFFSET_MS = 11_644_473_600_000;
const TWO_32 = 4_294_967_296;

/** Encoding bytes of scalar variants (OPC 10000-6 5.1.2); an array has 128 beside them. */
const scalar = {
  Null: 0,
  Boolean: 1,
  SByte: 2,
  Byte: 3,
  Int16: 4,
  UInt16: 5,
  Int32: 6,
  UInt32: 7,
  Int64: 8,
  UInt64: 9,
  Float: 10,
  Double: 11,
  String: 12,
} as const;

const hasValue = 1;
const hasStatus = 2;
const hasSourceTime = 4;
const hasServerTime = 8;
const hasSourcePicoseconds = 16;
const hasServerPicoseconds = 32;

/**
 * Takes the values of a notification into columns, in one pass over its bytes (OPC 10000-6 5.2.2.16, 5.2.2.17). Scalars are read
 * here; anything else goes to the library's decoder from its first byte, so both agree. Never throws on bad bytes.
 */
export function takeNotification(
  notification: DataChangeNotification,
  into: ColumnCollector,
  receivedAt: number,
  other: OtherValue,
): Taken {
  const body = bodies.get(notification);
  if (body === undefined) return takeObjects(notification, into, receivedAt, other);
  bodies.delete(notification);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let overflows = 0;
  let left = view.getInt32(0, true);
  let at = 4;
  try {
    for (; left > 0; left -= 1) {
      const handle = view.getUint32(at, true);
      const begin = at + 4;
      const mask = view.getUint8(begin);
      at = begin + 1;
      let kind: number = valueKind.none;
      let number = Number.NaN;
      let text: PlainValue = null;
      let refused = 0;
      if ((mask & hasValue) !== 0) {
        const type = view.getUint8(at);
        at += 1;
        switch (type) {
          case scalar.Double:
            kind = valueKind.number;
            number = view.getFloat64(at, true);
            at += 8;
            break;
          case scalar.Float:
            kind = valueKind.number;
            number = view.getFloat32(at, true);
            at += 4;
            break;
          case scalar.Boolean:
            kind = valueKind.boolean;
            number = view.getUint8(at) === 0 ? 0 : 1;
            at += 1;
            break;
          case scalar.SByte:
            kind = valueKind.number;
            number = view.getInt8(at);
            at += 1;
            break;
          case scalar.Byte:
            kind = valueKind.number;
            number = view.getUint8(at);
            at += 1;
            break;
          case scalar.Int16:
            kind = valueKind.number;
            number = view.getInt16(at, true);
            at += 2;
            break;
          case scalar.UInt16:
            kind = valueKind.number;
            number = view.getUint16(at, true);
            at += 2;
            break;
          case scalar.Int32:
            kind = valueKind.number;
            number = view.getInt32(at, true);
            at += 4;
            break;
          case scalar.UInt32:
            kind = valueKind.number;
            number = view.getUint32(at, true);
            at += 4;
            break;
          case scalar.Int64:
          case scalar.UInt64: {
            const high = type === scalar.Int64 ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true);
            number = high * TWO_32 + view.getUint32(at, true);
            if (Number.isSafeInteger(number)) kind = valueKind.number;
            else {
              kind = valueKind.other;
              text = (type === scalar.Int64 ? view.getBigInt64(at, true) : view.getBigUint64(at, true)).toString();
            }
            at += 8;
            break;
          }
          case scalar.String: {
            const length = view.getInt32(at, true);
            at += 4;
            if (length < 0) break;
            if (at + length > view.byteLength) throw new RangeError('text beyond the end');
            if (length <= defaultLimits.maxTextLength) {
              kind = valueKind.other;
              text = body.toString('utf8', at, at + length);
            } else refused = refusals['text-too-long'].statusCode;
            at += length;
            break;
          }
          case scalar.Null:
            break;
          default: {
            const stream = new BinaryStream(body);
            stream.length = begin;
            const dataValue = new DataValue(null);
            dataValue.decode(stream);
            at = stream.length;
            overflows += takeObject(handle, dataValue, into, receivedAt, other);
            continue;
          }
        }
      }
      let status = 0;
      if ((mask & hasStatus) !== 0) {
        status = view.getUint32(at, true);
        at += 4;
      }
      let time = receivedAt;
      const sourceAt = at;
      if ((mask & hasSourceTime) !== 0) at += 8;
      if ((mask & hasSourcePicoseconds) !== 0) at += 2;
      if ((mask & hasSourceTime) !== 0) time = readTime(view, sourceAt);
      else if ((mask & hasServerTime) !== 0) time = readTime(view, at);
      if ((mask & hasServerTime) !== 0) at += 8;
      if ((mask & hasServerPicoseconds) !== 0) at += 2;
      if (at > view.byteLength) throw new RangeError('value beyond the end');
      if ((status & OVERFLOW_BIT) === OVERFLOW_BIT) overflows += 1;
      const row = into.next();
      into.handles[row] = handle;
      into.kinds[row] = kind;
      into.numbers[row] = number;
      into.times[row] = time;
      into.statuses[row] = kind === valueKind.none && status >>> 30 === 0 ? refused || BAD_DECODING : status;
      if (kind === valueKind.other) into.setOther(row, text);
    }
  } catch {
    return { overflows, undecodable: left };
  }
  return { overflows, undecodable: 0 };
}

/** Instant in whole ms since 1970. 2^32 ticks are 429,496 ms and 7,296 ticks; one product of all would lose digits from 2057 on. */
function readTime(view: DataView, at: number): number {
  const high = view.getInt32(at + 4, true);
  return high * 429_496 + Math.floor((high * 7296 + view.getUint32(at, true)) / 10_000) - EPOCH_OFFSET_MS;
}

function takeObjects(
  notification: DataChangeNotification,
  into: ColumnCollector,
  receivedAt: number,
  other: OtherValue,
): Taken {
  let overflows = 0;
  for (const item of notification.monitoredItems ?? [])
    overflows += takeObject(item.clientHandle, item.value, into, receivedAt, other);
  return { overflows, undecodable: 0 };
}

/** Takes one value of the library's own form into the columns. @returns 1 when its Overflow bit is set. */
export function takeObject(
  handle: number,
  dataValue: DataValue,
  into: ColumnCollector,
  receivedAt: number,
  other: OtherValue,
): 0 | 1 {
  const status = dataValue.statusCode.value >>> 0;
  const row = into.next();
  into.handles[row] = handle;
  into.kinds[row] = valueKind.none;
  into.numbers[row] = Number.NaN;
  into.times[row] = (dataValue.sourceTimestamp ?? dataValue.serverTimestamp)?.getTime() ?? receivedAt;
  into.statuses[row] = status;
  const raw: unknown = dataValue.value?.value;
  const plain = typeof raw === 'number' ? raw : other(handle, dataValue);
  if (typeof plain === 'number') {
    into.kinds[row] = valueKind.number;
    into.numbers[row] = plain;
  } else if (typeof plain === 'boolean') {
    into.kinds[row] = valueKind.boolean;
    into.numbers[row] = plain ? 1 : 0;
  } else if (plain instanceof RefusedValue) into.statuses[row] = plain.statusCode;
  else if (plain !== null) into.setOther(row, plain);
  else if (status >>> 30 === 0) into.statuses[row] = BAD_DECODING;
  return (status & OVERFLOW_BIT) === OVERFLOW_BIT ? 1 : 0;
}
