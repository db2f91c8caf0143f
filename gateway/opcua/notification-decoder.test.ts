import * as fc from 'fast-check';
import {
  BinaryStream,
  DataChangeNotification,
  DataType,
  DataValue,
  MonitoredItemNotification,
  StatusCodes,
  Variant,
  VariantArrayType,
} from 'node-opcua';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { valueKind, type ValueBatch } from '../tags/value-batch.ts';
import { keepNotificationBodies, releaseNotificationBodies, takeNotification } from './notification-decoder.ts';
import { ColumnCollector } from './value-columns.ts';
import { createValueDecoder } from './values/value-decoder.ts';
import type { TypeSource } from './values/type-reader.ts';

const RECEIVED = Date.UTC(2026, 10, 23);
const source = new Date('2026-11-23T08:15:30.123Z');

/** Asks nothing of a server: the values here need no types. */
const decoder = createValueDecoder({} as TypeSource, { namespaces: [], dataTypes: 'off' });

/** A notification as it comes from the network: as body of an extension object, with its length before it. */
function onTheWire(items: readonly MonitoredItemNotification[]): { stream: BinaryStream; length: number } {
  const notification = new DataChangeNotification({ monitoredItems: [...items], diagnosticInfos: [] });
  const body = new BinaryStream(Buffer.alloc(1_000_000));
  notification.encode(body);
  const length = body.length;
  const buffer = Buffer.alloc(4 + length);
  buffer.writeInt32LE(length, 0);
  body.buffer.copy(buffer, 4, 0, length);
  const stream = new BinaryStream(buffer);
  stream.length = 4;
  return { stream, length };
}

function decode(items: readonly MonitoredItemNotification[], byColumns: boolean): ValueBatch {
  if (byColumns) keepNotificationBodies();
  else releaseNotificationBodies();
  const { stream, length } = onTheWire(items);
  const notification = new DataChangeNotification(null);
  notification.decode(stream);
  expect(stream.length).toBe(4 + length);
  const collector = new ColumnCollector();
  const taken = takeNotification(notification, collector, RECEIVED, (_handle, dataValue) => decoder.decode(dataValue));
  expect(taken.undecodable).toBe(0);
  return collector.take();
}

const item = (clientHandle: number, value: DataValue): MonitoredItemNotification =>
  new MonitoredItemNotification({ clientHandle, value });
const of = (dataType: DataType, value: unknown): DataValue =>
  new DataValue({
    value: new Variant({ dataType, value, arrayType: VariantArrayType.Scalar }),
    sourceTimestamp: source,
    serverTimestamp: source,
  });

const samples: readonly [string, DataValue][] = [
  ['Boolean true', of(DataType.Boolean, true)],
  ['Boolean false', of(DataType.Boolean, false)],
  ['SByte', of(DataType.SByte, -128)],
  ['Byte', of(DataType.Byte, 255)],
  ['Int16', of(DataType.Int16, -32_768)],
  ['UInt16', of(DataType.UInt16, 65_535)],
  ['Int32', of(DataType.Int32, -2_147_483_648)],
  ['UInt32', of(DataType.UInt32, 4_294_967_295)],
  ['Int64 within 2^53', of(DataType.Int64, [0, 12_345])],
  ['Int64 negative', of(DataType.Int64, [0xff_ff_ff_ff, 0xff_ff_ff_fe])],
  ['Int64 beyond 2^53', of(DataType.Int64, [0x7f_ff_ff_ff, 0xff_ff_ff_ff])],
  ['UInt64 beyond 2^53', of(DataType.UInt64, [0xff_ff_ff_ff, 0xff_ff_ff_ff])],
  ['Float', of(DataType.Float, 1.5)],
  ['Double', of(DataType.Double, 1234.567_89)],
  ['Double NaN', of(DataType.Double, Number.NaN)],
  ['Double infinity', of(DataType.Double, Number.NEGATIVE_INFINITY)],
  ['String', of(DataType.String, '冲压机 1')],
  ['empty String', of(DataType.String, '')],
  ['null String', of(DataType.String, null)],
  ['DateTime', of(DataType.DateTime, new Date('2020-02-29T12:00:00Z'))],
  ['LocalizedText', of(DataType.LocalizedText, { text: '运行', locale: 'zh' })],
  ['ByteString', of(DataType.ByteString, Buffer.from('abc'))],
  [
    'array of Double',
    new DataValue({
      value: new Variant({
        dataType: DataType.Double,
        arrayType: VariantArrayType.Array,
        value: new Float64Array([1, 2]),
      }),
      sourceTimestamp: source,
    }),
  ],
  ['no value, Bad', new DataValue({ statusCode: StatusCodes.BadSensorFailure, sourceTimestamp: source })],
  [
    'value with uncertain status',
    new DataValue({
      value: new Variant({ dataType: DataType.Double, value: 3 }),
      statusCode: StatusCodes.UncertainLastUsableValue,
      sourceTimestamp: source,
    }),
  ],
  [
    'server time only',
    new DataValue({ value: new Variant({ dataType: DataType.Double, value: 4 }), serverTimestamp: source }),
  ],
  ['no time at all', new DataValue({ value: new Variant({ dataType: DataType.Double, value: 5 }) })],
  [
    'picoseconds',
    new DataValue({
      value: new Variant({ dataType: DataType.Int32, value: 6 }),
      sourceTimestamp: source,
      sourcePicoseconds: 1200,
      serverTimestamp: source,
      serverPicoseconds: 3400,
    }),
  ],
];

describe('values of a data change notification', () => {
  beforeEach(keepNotificationBodies);
  afterEach(releaseNotificationBodies);

  it.each(samples)('of %s are the same in columns as by the library', (_name, value) => {
    const items = [item(7, of(DataType.Double, 1)), item(8, value), item(9, of(DataType.Double, 2))];
    expect(decode(items, true)).toEqual(decode(items, false));
  });

  it('keep every digit of 64-bit counters', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (counter) => {
        const value = of(DataType.UInt64, [Number(counter >> 32n), Number(counter & 0xff_ff_ff_ffn)]);
        const batch = decode([item(1, value)], true);
        const found =
          batch.kinds[0] === valueKind.number ? BigInt(batch.numbers[0] ?? 0) : BigInt(batch.others.get(0) as string);
        expect(found).toBe(counter);
      }),
    );
  });

  it('carry source timestamps to the millisecond', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
        (date) => {
          const value = new DataValue({
            value: new Variant({ dataType: DataType.Double, value: 1 }),
            sourceTimestamp: date,
          });
          expect(decode([item(1, value)], true).times[0]).toBe(date.getTime());
        },
      ),
    );
  });

  it('that a server has dropped are counted by the Overflow bit', () => {
    const overflowing = of(DataType.Double, 1);
    overflowing.statusCode = StatusCodes.Good;
    const { stream } = onTheWire([item(1, overflowing)]);
    const plain = stream.buffer.toString('hex');
    // The same value with its status code set to Good with the info bits DataValue and Overflow.
    const begin = plain.indexOf('0d0b');
    const withStatus = Buffer.from(
      `${plain.slice(0, begin)}0f0b${plain.slice(begin + 4, begin + 20)}80040000${plain.slice(begin + 20)}`,
      'hex',
    );
    withStatus.writeInt32LE(withStatus.length - 4, 0);
    const input = new BinaryStream(withStatus);
    input.length = 4;
    const notification = new DataChangeNotification(null);
    notification.decode(input);
    const collector = new ColumnCollector();
    expect(takeNotification(notification, collector, RECEIVED, () => null).overflows).toBe(1);
    expect(collector.take().numbers[0]).toBe(1);
  });

  it('cut off anywhere are counted as undecodable, and those before the cut are kept', () => {
    const items = [
      item(1, of(DataType.Double, 11)),
      item(2, of(DataType.String, 'text')),
      item(3, of(DataType.Int64, [0, 3])),
    ];
    const { stream, length } = onTheWire(items);
    for (let cut = 8; cut < length; cut += 1) {
      const part = Buffer.from(stream.buffer.subarray(0, 4 + cut));
      part.writeInt32LE(cut, 0);
      const input = new BinaryStream(part);
      input.length = 4;
      const notification = new DataChangeNotification(null);
      notification.decode(input);
      const collector = new ColumnCollector();
      const { undecodable } = takeNotification(notification, collector, RECEIVED, () => null);
      expect(undecodable + collector.length).toBe(3);
    }
  });
});
