import { describe, expect, it } from 'vitest';
import { Compile } from 'typebox/compile';
import { DataNetworkMessage } from '../../broker/contract/data-message.ts';
import type { TagDescription } from '../../broker/contract/tag.ts';
import type { PlainValue } from '../tags/plain-value.ts';
import type { TagMap } from '../tags/tag-map.ts';
import { valueKind, type ValueBatch } from '../tags/value-batch.ts';
import type { Refusal } from './encoder.ts';
import { createPubSubJsonEncoder } from './pubsub-json.ts';

const schema = Compile(DataNetworkMessage);
const at = Date.parse('2026-11-23T08:00:00.250Z');
const tags: readonly TagDescription[] = [
  { name: 'Energy "total"', role: 'energy-counter', unit: 'kW.h' },
  { name: '温度', role: 'process' },
  { name: 'Order', role: 'order' },
];
const writer = {
  index: 0,
  id: 3,
  equipment: { path: 'body/press-line/press-1', site: 'plant', enterprise: 'acme' },
  tags,
  server: 'plc-1',
};
const map: TagMap = {
  highestHandle: 3,
  tags: new Map(tags.map((tag, index) => [index + 1, { handle: index + 1, tag, writer: 0 }])),
  writers: [writer],
  sampled: new Map(),
};

type Value = { handle: number; value: PlainValue; at?: number; status?: number };

function batchOf(values: readonly Value[]): ValueBatch {
  const others = new Map<number, PlainValue>();
  const kinds = values.map(({ value }, row) => {
    if (value === null) return valueKind.none;
    if (typeof value === 'number') return valueKind.number;
    if (typeof value === 'boolean') return valueKind.boolean;
    others.set(row, value);
    return valueKind.other;
  });
  return {
    handles: Int32Array.from(values, ({ handle }) => handle),
    kinds: Uint8Array.from(kinds),
    numbers: Float64Array.from(values, ({ value }) => Number(value)),
    times: Float64Array.from(values, (value) => value.at ?? at),
    statuses: Uint32Array.from(values, ({ status }) => status ?? 0),
    others,
  };
}

function encode(values: readonly Value[]): { messages: DataNetworkMessage[]; refused: Refusal[] } {
  const refused: Refusal[] = [];
  const rows = Int32Array.from(values.keys());
  const payloads = createPubSubJsonEncoder('edge-1', map).encodeRows(writer, batchOf(values), rows, 41, (refusal) =>
    refused.push(refusal),
  );
  const messages = payloads.map(({ text }) => JSON.parse(text) as DataNetworkMessage);
  for (const message of messages) expect([...schema.Errors(message)]).toEqual([]);
  return { messages, refused };
}

const fieldsOf = (values: readonly Value[]) => encode(values).messages[0]?.Messages[0]?.Payload;

describe('PubSub JSON of values', () => {
  it('carries each value with its source timestamp under the number of its message', () => {
    const { messages } = encode([
      { handle: 1, value: 12.5 },
      { handle: 2, value: 80, at: at - 100 },
    ]);
    expect(messages).toEqual([
      {
        MessageId: 'edge-1-3-41',
        MessageType: 'ua-data',
        PublisherId: 'edge-1',
        WriterGroupName: 'plc-1',
        Messages: [
          {
            DataSetWriterId: 3,
            SequenceNumber: 41,
            MetaDataVersion: { MajorVersion: expect.any(Number), MinorVersion: 0 },
            Timestamp: '2026-11-23T08:00:00.250Z',
            MessageType: 'ua-deltaframe',
            Payload: {
              'Energy "total"': { Value: 12.5, SourceTimestamp: '2026-11-23T08:00:00.250Z' },
              温度: { Value: 80, SourceTimestamp: '2026-11-23T08:00:00.150Z' },
            },
          },
        ],
      },
    ]);
  });

  it('begins another message when a tag comes again, and counts on', () => {
    const { messages } = encode([1, 2, 3].map((value) => ({ handle: 1, value, at: at + value })));
    expect(messages[0]?.Messages.map(({ SequenceNumber }) => SequenceNumber)).toEqual([41, 42, 43]);
  });

  it('makes several payloads of many messages, without a gap between them', () => {
    const { messages } = encode(Array.from({ length: 250 }, (_, value) => ({ handle: 1, value, at: at + value })));
    expect(messages.length).toBe(3);
    const numbers = messages.flatMap((message) => message.Messages.map(({ SequenceNumber }) => SequenceNumber));
    expect(numbers).toEqual(Array.from({ length: 250 }, (_, index) => 41 + index));
  });

  it('sends no value with a Bad status, and says which', () => {
    expect(fieldsOf([{ handle: 2, value: 5, status: 0x80_0b_00_00 }])).toEqual({
      温度: { Value: null, StatusCode: { Code: 0x80_0b_00_00 }, SourceTimestamp: '2026-11-23T08:00:00.250Z' },
    });
  });

  it('keeps digits of large counters as text', () => {
    expect(fieldsOf([{ handle: 1, value: '18446744073709551615' }])?.['Energy "total"']?.Value).toBe(
      '18446744073709551615',
    );
  });

  it.each([['abc'], [Number.NaN], [Number.POSITIVE_INFINITY], [true]])(
    'passes %s of an energy counter on as Bad and reports it',
    (value) => {
      const { messages, refused } = encode([{ handle: 1, value }]);
      expect(messages[0]?.Messages[0]?.Payload?.['Energy "total"']).toMatchObject({
        Value: null,
        StatusCode: { Code: 0x80_74_00_00 },
      });
      expect(refused).toEqual([{ handle: 1, value }]);
    },
  );

  it.each([[[1, 2, 3]], [{ inner: { temperature: 5 } }], [true]])('lets %j of a process tag through', (value) => {
    expect(fieldsOf([{ handle: 2, value }])?.['温度']?.Value).toEqual(value);
  });

  it.each([['B-42 "x"\n'], [7], [false]])('takes any %j for an order', (value) => {
    expect(fieldsOf([{ handle: 3, value }])?.['Order']?.Value).toBe(value);
  });

  it('says with a keep-alive up to when nothing has changed', () => {
    const { text } = createPubSubJsonEncoder('edge-1', map).encodeKeepAlive(writer, at, 44);
    const message = JSON.parse(text) as DataNetworkMessage;
    expect(schema.Check(message)).toBe(true);
    expect(message.Messages).toMatchObject([
      { SequenceNumber: 44, MessageType: 'ua-keepalive', Timestamp: '2026-11-23T08:00:00.250Z' },
    ]);
  });
});
