import { BinaryStream, DataType, DataValue, Variant, VariantArrayType, encodeVariant } from 'node-opcua';
import { describe, expect, it } from 'vitest';
import type { PlainValue } from '../../tags/plain-value.ts';
import { createContext } from './plain-of.ts';
import { readBody } from './structure-reader.ts';
import { createValueDecoder } from './value-decoder.ts';
import { Budget, defaultLimits, RefusedValue, type ValueLimits } from './value-limits.ts';
import type { FieldDefinition, StructureType, ValueType } from './value-type.ts';

const field = (name: string, dataType: string, rest: Partial<FieldDefinition> = {}): FieldDefinition => ({
  name,
  dataType,
  rank: 0,
  optional: false,
  subtyped: false,
  ...rest,
});
const structure = (fields: readonly FieldDefinition[], union = false): StructureType => ({
  kind: 'structure',
  name: 'S',
  union,
  abstract: false,
  fields,
});
const BYTE: ValueType = { kind: 'built-in', builtIn: DataType.Byte };
const INT32: ValueType = { kind: 'built-in', builtIn: DataType.Int32 };
const ANY: ValueType = { kind: 'built-in', builtIn: DataType.ExtensionObject };
const TEXT: ValueType = { kind: 'built-in', builtIn: DataType.String };

function read(type: StructureType, body: Buffer, limits: Partial<ValueLimits> = {}): PlainValue {
  const known: Record<string, ValueType> = { byte: BYTE, int: INT32, text: TEXT, self: type, any: ANY };
  const types = {
    namespaces: [],
    type: (key: string) => known[key],
    structureOf: (key: string) => (key === 'ns=0;i=77' ? structure([field('N', 'int')]) : undefined),
    missing: () => undefined,
  };
  return readBody(type, body, createContext(types, new Budget({ ...defaultLimits, ...limits })));
}
const int32 = (...values: number[]): Buffer => {
  const body = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => body.writeInt32LE(value, index * 4));
  return body;
};

describe('bodies of structures', () => {
  it('a matrix field starts with its dimensions and is nested by them', () => {
    const body = int32(2, 2, 3, 1, 2, 3, 4, 5, 6);
    expect(read(structure([field('M', 'int', { rank: 2 })]), body)).toEqual({
      M: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    });
  });

  it('an array of length −1 is null', () => {
    expect(read(structure([field('A', 'int', { rank: 1 })]), int32(-1))).toEqual({ A: null });
  });

  it('the bits of the mask count optional fields only', () => {
    const fields = [field('A', 'int'), field('B', 'int', { optional: true }), field('C', 'int', { optional: true })];
    expect(read(structure(fields), int32(2, 7, 9))).toEqual({ A: 7, C: 9 });
  });

  it('a field that takes subtypes carries its own type', () => {
    const variant = new Variant({ dataType: DataType.Int16, value: 5 });
    const stream = new BinaryStream(64);
    encodeVariant(variant, stream);
    const body = stream.buffer.subarray(0, stream.length);
    expect(read(structure([field('N', 'int', { subtyped: true })]), body)).toEqual({ N: 5 });
  });

  it('a field of any structure carries its type; one that is not known stays as it is', () => {
    const nested = (encoding: number): Buffer => Buffer.concat([Buffer.from([0, encoding, 1]), int32(4), int32(8)]);
    const type = structure([field('A', 'any'), field('B', 'any'), field('C', 'any')]);
    const body = Buffer.concat([nested(77), nested(99), Buffer.from([0, 0, 0])]);
    expect(read(type, body)).toEqual({
      A: { N: 8 },
      B: { UaTypeId: 'i=99', UaEncoding: 1, UaBody: 'CAAAAA==' },
      C: null,
    });
  });

  it('a union without a selection is null, one with an unknown selection is refused', () => {
    const union = structure([field('A', 'int')], true);
    expect(read(union, int32(0))).toBeNull();
    expect(() => read(union, int32(2, 1))).toThrow('body-malformed');
  });

  it('a field called __proto__ is a field like any other', () => {
    const value = read(structure([field('__proto__', 'int')]), int32(1));
    expect(JSON.stringify(value)).toBe('{"__proto__":1}');
  });

  it('a body that is longer than its definition is refused instead of read as something else', () => {
    expect(() => read(structure([field('A', 'int')]), int32(1, 2))).toThrow('body-malformed');
  });

  it('a length that the body cannot hold is refused before anything is made', () => {
    expect(() => read(structure([field('A', 'byte', { rank: 1 })]), int32(60_000))).toThrow('body-malformed');
    expect(() => read(structure([field('A', 'byte', { rank: 1 })]), int32(2_000_000_000))).toThrow('too-many-elements');
    expect(() => read(structure([field('A', 'byte', { rank: 3 })]), int32(3, 60_000, 60_000, 60_000))).toThrow(
      'too-many-elements',
    );
  });

  it('a structure that contains itself ends at the limit of depth', () => {
    const list = structure([field('Next', 'self', { rank: 1 })]);
    expect(() => read(list, int32(...Array.from({ length: 40 }, () => 1)))).toThrow('nested-too-deep');
  });
});

describe('values beyond the limits are refused, counted and named', () => {
  const limits = { maxTextLength: 10, maxElements: 5, maxTotalLength: 25, maxDepth: 3 };
  const decode = (variant: Variant): PlainValue | RefusedValue => {
    using decoder = createValueDecoder(noSession, { namespaces: [], limits });
    const value = decoder.decode(new DataValue({ value: variant }));
    const counted = Object.values(decoder.counters.refused).reduce((sum, count) => sum + count, 0);
    expect(counted).toBe(value instanceof RefusedValue ? 1 : 0);
    return value;
  };
  const texts = (value: string[]): Variant =>
    new Variant({ dataType: DataType.String, arrayType: VariantArrayType.Array, value });

  it.each([
    ['text', new Variant({ dataType: DataType.String, value: 'x'.repeat(11) }), 'text-too-long'],
    ['byte string', new Variant({ dataType: DataType.ByteString, value: Buffer.alloc(11) }), 'text-too-long'],
    ['array', texts(['', '', '', '', '', '']), 'too-many-elements'],
    ['sum of texts', texts(['x'.repeat(10), 'x'.repeat(10), 'x'.repeat(10)]), 'value-too-large'],
  ])('%s', (_what, variant, reason) => {
    expect(decode(variant)).toMatchObject({ reason, statusCode: 0x80_08_00_00 });
  });

  it('variants within variants', () => {
    let variant = new Variant({ dataType: DataType.Int32, value: 1 });
    for (let level = 0; level < 4; level += 1) {
      variant = new Variant({ dataType: DataType.Variant, arrayType: VariantArrayType.Array, value: [variant] });
    }
    expect(decode(variant)).toMatchObject({ reason: 'nested-too-deep', statusCode: 0x80_08_00_00 });
  });

  it('what is within the limits passes', () => {
    expect(decode(texts(['abc', 'd']))).toEqual(['abc', 'd']);
  });
});

const refuse = (): never => {
  throw new Error('no server is asked here');
};
const noSession = { read: refuse, browse: refuse, translateBrowsePath: refuse } as never;
