import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { MetadataMessage, readField } from '../../broker/contract/metadata-message.ts';
import { isScalar, type PlainValue } from '../tags/plain-value.ts';
import type { Writer } from '../tags/tag-map.ts';
import { metadataMessage } from './pubsub-json.ts';

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
