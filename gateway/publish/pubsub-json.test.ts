import { assert, constantFrom, double, letrec, oneof, property, string, array, dictionary, boolean } from 'fast-check';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { DataNetworkMessage } from '../../broker/contract/data-message.ts';
import { MetadataMessage, readField } from '../../broker/contract/metadata-message.ts';
import type { PlainDataSetMessage, Writer } from '../tags/message-builder.ts';
import { encodePlainValue, isScalar, type PlainValue } from '../tags/plain-value.ts';
import { createPubSubJsonEncoder, metadataMessage } from './pubsub-json.ts';

const checkData = Compile(DataNetworkMessage);
const checkMetadata = Compile(MetadataMessage);
const at = Date.parse('2026-03-02T08:00:00.123Z');
const writer: Writer = {
  index: 0,
  id: 7,
  server: 'press "3"',
  equipment: { path: 'stamping/press-1' },
  tags: [
    { name: 'energy', role: 'energy-counter', unit: 'kW.h', range: [0, 10] },
    { name: 'pressure', role: 'process' },
    { name: 'program', role: 'product' },
  ],
};

/** The wire text of one field, as a reader parses it. */
function publish(value: PlainValue, rest: { statusCode?: number; ticks?: number } = {}): unknown {
  const field = { name: 'a "field"', value, at, statusCode: 0, ...rest };
  const message = { sequence: 4_294_967_295, kind: 'ua-deltaframe', at, fields: [field] };
  const text = createPubSubJsonEncoder('gateway-1').encode(writer, [message as unknown as PlainDataSetMessage], 'id-1');
  const parsed: unknown = JSON.parse(text);
  expect(checkData.Check(parsed)).toBe(true);
  return (parsed as DataNetworkMessage).Messages[0]?.Payload?.['a "field"'];
}

describe('the network message of OPC UA PubSub JSON', () => {
  it.each<[string, PlainValue, unknown]>([
    ['number', 21.5, 21.5],
    ['negative zero', -0, 0],
    ['smallest number', 5e-324, 5e-324],
    ['NaN', Number.NaN, 'NaN'],
    ['infinity', Number.POSITIVE_INFINITY, 'Infinity'],
    ['negative infinity', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['UInt64 beyond 2^53', '18446744073709551615', '18446744073709551615'],
    ['truth value', true, true],
    ['text', '压力 "\u2028\\', '压力 "\u2028\\'],
    ['array with NaN', [1, Number.NaN], [1, 'NaN']],
    [
      'matrix',
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'structure',
      { X: 1, Inner: { Y: Number.POSITIVE_INFINITY, Z: null } },
      { X: 1, Inner: { Y: 'Infinity', Z: null } },
    ],
    ['enumeration', { Value: 3, Name: 'Run' }, { Value: 3, Name: 'Run' }],
    ['null', null, null],
  ])('carries a value: %s', (_what, value, expected) => {
    expect(publish(value)).toEqual({ Value: expected, SourceTimestamp: '2026-03-02T08:00:00.123Z' });
  });

  it('carries the status code of a Bad value', () => {
    expect(publish(null, { statusCode: 0x80_08_00_00 })).toMatchObject({
      Value: null,
      StatusCode: { Code: 0x80_08_00_00 },
    });
  });

  it('carries source times to 100 ns', () => {
    expect(publish(1, { ticks: 4567 })).toMatchObject({ SourceTimestamp: '2026-03-02T08:00:00.1234567Z' });
  });

  it('is JSON whatever the value', () => {
    const { value } = letrec<{ value: PlainValue }>((tie) => ({
      value: oneof(
        { maxDepth: 4 },
        double(),
        boolean(),
        string({ unit: 'binary' }),
        constantFrom(null),
        array(tie('value')),
        dictionary(string(), tie('value')),
      ),
    }));
    assert(
      property(value, (plain) => {
        const parsed: unknown = JSON.parse(encodePlainValue(plain));
        expect(encodePlainValue(parsed as PlainValue)).toBe(encodePlainValue(plain));
      }),
    );
  });
});

describe('the metadata message', () => {
  const facts = new Map([
    [
      'energy',
      {
        builtIn: 9,
        unit: 'W.h',
        range: [0, 99] as const,
        engineeringUnits: { UnitId: 5_720_146, DisplayName: { Text: 'W·h' } },
      },
    ],
    [
      'pressure',
      {
        builtIn: 11,
        valueRank: 1,
        unit: 'bar',
        range: [0, 16] as const,
        engineeringUnits: { UnitId: 4_342_098, DisplayName: { Text: 'bar' } },
      },
    ],
    ['program', { builtIn: 6, dataType: 'nsu=urn:plc;i=3001' }],
  ]);
  const message = metadataMessage('gateway-1', writer, at, facts);
  const field = (name: string): MetadataMessage['MetaData']['Fields'][number] => {
    const found = message.MetaData.Fields.find((candidate) => candidate.Name === name);
    if (found === undefined) throw new Error(`no field ${name}`);
    return found;
  };
  const propertyOf = (name: string, key: string): unknown =>
    field(name).Properties?.find((candidate) => candidate.Key.Name === key && candidate.Key.Uri === undefined)?.Value;

  it('is what the contract says', () => {
    expect(checkMetadata.Check(JSON.parse(JSON.stringify(message)))).toBe(true);
  });

  it('takes unit and range of the server where the plant file leaves them out', () => {
    expect(propertyOf('pressure', 'EngineeringUnits')).toEqual({ UnitId: 4_342_098, DisplayName: { Text: 'bar' } });
    expect(propertyOf('pressure', 'EURange')).toEqual({ Low: 0, High: 16 });
    expect(readField(field('pressure'))).toMatchObject({ kind: 'tag', tag: { unit: 'bar', range: [0, 16] } });
  });

  it('keeps unit and range of the plant file where they are given', () => {
    expect(propertyOf('energy', 'EngineeringUnits')).toEqual({ DisplayName: { Text: 'kW.h' } });
    expect(propertyOf('energy', 'EURange')).toEqual({ Low: 0, High: 10 });
    expect(readField(field('energy'))).toMatchObject({ kind: 'tag', tag: { unit: 'kW.h', range: [0, 10] } });
  });

  it('names built-in type, data type and rank', () => {
    expect(field('energy')).toMatchObject({ BuiltInType: 9, ValueRank: -1 });
    expect(field('pressure')).toMatchObject({ BuiltInType: 11, ValueRank: 1 });
    expect(field('program')).toMatchObject({ BuiltInType: 6, DataType: 'nsu=urn:plc;i=3001' });
  });

  it('needs nothing of the server', () => {
    const plain = metadataMessage('gateway-1', writer, at);
    expect(checkMetadata.Check(JSON.parse(JSON.stringify(plain)))).toBe(true);
    expect(plain.MetaData.Fields.map(({ BuiltInType }) => BuiltInType)).toEqual([11, 11, 12]);
  });
});

describe('scalars', () => {
  it.each<[PlainValue, boolean]>([
    [1, true],
    ['a', true],
    [false, true],
    [null, false],
    [[1], false],
    [{ X: 1 }, false],
  ])('%j: %s', (value, expected) => {
    expect(isScalar(value)).toBe(expected);
  });
});
