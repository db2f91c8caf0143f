import {
  DataType,
  DataValue,
  resolveNodeId,
  StatusCodes,
  Variant,
  VariantArrayType,
  type VariantOptions,
} from 'node-opcua';
import { assert, nat, property, uint8Array } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  notifiedValues,
  openPlainSession,
  openValueServer,
  VALUES_NAMESPACE,
  type ValueServer,
} from '../../../tests/support/value-server.ts';
import type { PlainValue } from '../../tags/plain-value.ts';
import { createValueDecoder, type ValueDecoder, type ValueDecoderOptions } from './value-decoder.ts';
import { RefusedValue } from './value-limits.ts';

let plant: ValueServer;
let opened: AsyncDisposableStack;
let session: Awaited<ReturnType<typeof openPlainSession>>['session'];
let namespaces: string[];

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  plant = opened.use(await openValueServer());
  ({ session } = opened.use(await openPlainSession(plant.endpoint)));
  namespaces = await session.readNamespaceArray();
});
afterAll(() => opened.disposeAsync());

function decoderFor(options: Partial<ValueDecoderOptions> = {}): ValueDecoder {
  return opened.use(createValueDecoder(session, { namespaces, ...options }));
}

/** What a tag of this variable publishes, after one round trip through the server. */
async function plainOf(
  name: string,
  dataType: string,
  variant: VariantOptions,
  options: Partial<ValueDecoderOptions> & { readonly valueRank?: number } = {},
): Promise<PlainValue | RefusedValue> {
  const nodeId = plant.add(name, dataType, variant, options.valueRank);
  const decoder = decoderFor(options);
  const [type] = await decoder.prepare([nodeId]);
  const [dataValue] = await notifiedValues(session, [nodeId]);
  return decoder.decode(dataValue ?? new DataValue(), type);
}

const weld = (): ReturnType<ValueServer['construct']> =>
  plant.construct(3011, {
    program: 'P-7',
    start: { x: 1, y: 2, z: 3 },
    path: [
      { x: 0, y: 0, z: 0 },
      { x: 0.5, y: 0, z: Number.NaN },
    ],
    mode: 20,
    pulse: 12.5,
    energy: [0x20_00_00, 1],
    endedAt: new Date('2026-03-02T08:00:00.123Z'),
    currents: [1.5, 2.25],
    name: { text: '焊接', locale: 'zh' },
    any: { dataType: DataType.String, value: 'x' },
    range: { low: 0, high: 10 },
  });
const plainWeld = {
  Program: 'P-7',
  Start: { X: 1, Y: 2, Z: 3 },
  Path: [
    { X: 0, Y: 0, Z: 0 },
    { X: 0.5, Y: 0, Z: 'NaN' },
  ],
  Mode: { Value: 20, Name: 'Automatic' },
  Pulse: 12.5,
  Energy: '9007199254740993',
  EndedAt: '2026-03-02T08:00:00.123Z',
  Currents: [1.5, 2.25],
  Name: { Text: '焊接', Locale: 'zh' },
  Any: 'x',
  Range: { Low: 0, High: 10 },
};

describe('scalars of every built-in type arrive as plain values', () => {
  const instant: Date & { picoseconds?: number } = new Date('2026-03-02T08:00:00.123Z');
  instant.picoseconds = 456_700_000;
  const cases: readonly (readonly [string, VariantOptions, PlainValue])[] = [
    ['Boolean', { dataType: DataType.Boolean, value: true }, true],
    ['SByte', { dataType: DataType.SByte, value: -128 }, -128],
    ['Byte', { dataType: DataType.Byte, value: 255 }, 255],
    ['Int16', { dataType: DataType.Int16, value: -32_768 }, -32_768],
    ['UInt16', { dataType: DataType.UInt16, value: 65_535 }, 65_535],
    ['Int32', { dataType: DataType.Int32, value: -2_147_483_648 }, -2_147_483_648],
    ['UInt32', { dataType: DataType.UInt32, value: 4_294_967_295 }, 4_294_967_295],
    [
      'Int64',
      { dataType: DataType.Int64, arrayType: VariantArrayType.Scalar, value: [0x80_00_00_00, 0] },
      '-9223372036854775808',
    ],
    [
      'UInt64',
      { dataType: DataType.UInt64, arrayType: VariantArrayType.Scalar, value: [0xff_ff_ff_ff, 0xff_ff_ff_ff] },
      '18446744073709551615',
    ],
    ['Float', { dataType: DataType.Float, value: 0.5 }, 0.5],
    ['Double', { dataType: DataType.Double, value: 1e300 }, 1e300],
    ['String', { dataType: DataType.String, value: '压力 "A"\n' }, '压力 "A"\n'],
    ['DateTime', { dataType: DataType.DateTime, value: instant }, '2026-03-02T08:00:00.1234567Z'],
    [
      'Guid',
      { dataType: DataType.Guid, value: '72962B91-FA75-4AE6-8D28-B404DC7DAF63' },
      '72962B91-FA75-4AE6-8D28-B404DC7DAF63',
    ],
    ['ByteString', { dataType: DataType.ByteString, value: Buffer.from([0, 255, 16]) }, 'AP8Q'],
    ['XmlElement', { dataType: DataType.XmlElement, value: '<a b="1"/>' }, '<a b="1"/>'],
    ['NodeId', { dataType: DataType.NodeId, value: resolveNodeId('i=2253') }, 'i=2253'],
    [
      'StatusCode',
      { dataType: DataType.StatusCode, value: StatusCodes.BadTimeout },
      { Code: 0x80_0a_00_00, Symbol: 'BadTimeout' },
    ],
    ['QualifiedName', { dataType: DataType.QualifiedName, value: { namespaceIndex: 0, name: 'Speed' } }, 'Speed'],
    [
      'LocalizedText',
      { dataType: DataType.LocalizedText, value: { text: 'Motor', locale: 'de' } },
      { Text: 'Motor', Locale: 'de' },
    ],
  ];
  it.each(cases)('%s', async (type, variant, expected) => {
    expect(await plainOf(`scalar-${type}`, type, variant)).toEqual(expected);
  });

  it.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('the Double %s travels as the text of OPC UA JSON', async (value, expected) => {
    expect(await plainOf(`double-${expected}`, 'Double', { dataType: DataType.Double, value })).toBe(expected);
  });

  it('node ids and qualified names carry their namespace URI, never the index', async () => {
    const value = `ns=${plant.index};s=Oven.Temp`;
    expect(await plainOf('own-node', 'NodeId', { dataType: DataType.NodeId, value: resolveNodeId(value) })).toBe(
      `nsu=${VALUES_NAMESPACE};s=Oven.Temp`,
    );
    const name = { namespaceIndex: plant.index, name: 'Temp' };
    expect(await plainOf('own-name', 'QualifiedName', { dataType: DataType.QualifiedName, value: name })).toBe(
      `nsu=${VALUES_NAMESPACE};Temp`,
    );
  });
});

describe('arrays and matrices', () => {
  it('an array of numbers keeps its order, NaN included', async () => {
    const variant = { dataType: DataType.Double, arrayType: VariantArrayType.Array, value: [1, Number.NaN, -3] };
    expect(await plainOf('doubles', 'Double', variant, { valueRank: 1 })).toEqual([1, 'NaN', -3]);
  });

  it('an array of UInt64 keeps every digit', async () => {
    const variant = {
      dataType: DataType.UInt64,
      arrayType: VariantArrayType.Array,
      value: [
        [0, 7],
        [0x20_00_00, 1],
      ],
    };
    expect(await plainOf('counters', 'UInt64', variant, { valueRank: 1 })).toEqual([7, '9007199254740993']);
  });

  it('a matrix is nested by its dimensions', async () => {
    const variant = {
      dataType: DataType.Int32,
      arrayType: VariantArrayType.Matrix,
      dimensions: [2, 3],
      value: [1, 2, 3, 4, 5, 6],
    };
    expect(await plainOf('matrix', 'Int32', variant, { valueRank: 2 })).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it('an array of bytes is numbers, unlike a byte string', async () => {
    const variant = { dataType: DataType.Byte, arrayType: VariantArrayType.Array, value: [0, 127, 255] };
    expect(await plainOf('bytes', 'Byte', variant, { valueRank: 1 })).toEqual([0, 127, 255]);
  });

  it('an empty array stays an empty array', async () => {
    const variant = { dataType: DataType.String, arrayType: VariantArrayType.Array, value: [] };
    expect(await plainOf('no-texts', 'String', variant, { valueRank: 1 })).toEqual([]);
  });

  it('variants and data values within an array are decoded', async () => {
    const variant = {
      dataType: DataType.Variant,
      arrayType: VariantArrayType.Array,
      value: [
        new Variant({ dataType: DataType.Int16, value: 4 }),
        new Variant({ dataType: DataType.String, value: 'a' }),
      ],
    };
    expect(await plainOf('variants', 'BaseDataType', variant, { valueRank: 1 })).toEqual([4, 'a']);
  });
});

describe('types the server defines', () => {
  it('an enumeration comes with its name, and without one for a number it does not define', async () => {
    expect(await plainOf('mode', 'ns=1;i=3001', { dataType: DataType.Int32, value: 10 })).toEqual({
      Value: 10,
      Name: 'Setup',
    });
    expect(await plainOf('odd-mode', 'ns=1;i=3001', { dataType: DataType.Int32, value: 99 })).toEqual({
      Value: 99,
      Name: null,
    });
  });

  it('an enumeration stays a number where names are not wanted', async () => {
    const variant = { dataType: DataType.Int32, value: 10 };
    expect(await plainOf('bare-mode', 'ns=1;i=3001', variant, { enumerations: 'number' })).toBe(10);
  });

  it('an enumeration of OPC UA itself, whose names are a property, is named too', async () => {
    expect(await plainOf('state', 'i=852', { dataType: DataType.Int32, value: 1 })).toEqual({
      Value: 1,
      Name: 'Failed',
    });
  });

  it('a structure with nested structures, arrays, an enumeration and a variant is JSON by field name', async () => {
    expect(await plainOf('weld', 'ns=1;i=3011', { dataType: DataType.ExtensionObject, value: weld() })).toEqual(
      plainWeld,
    );
  });

  it('optional fields that are not set are left out', async () => {
    const set = plant.construct(3012, { serial: 'A1', good: true, scrap: 'burr' });
    expect(await plainOf('part', 'ns=1;i=3012', { dataType: DataType.ExtensionObject, value: set })).toEqual({
      Serial: 'A1',
      Good: true,
      Scrap: 'burr',
    });
    const both = plant.construct(3012, { serial: 'A2', weight: 2.5, good: false });
    expect(await plainOf('part-2', 'ns=1;i=3012', { dataType: DataType.ExtensionObject, value: both })).toEqual({
      Serial: 'A2',
      Weight: 2.5,
      Good: false,
    });
  });

  it('a union shows the one field that is set', async () => {
    const value = plant.construct(3013, { text: 'slow' });
    expect(await plainOf('setpoint', 'ns=1;i=3013', { dataType: DataType.ExtensionObject, value })).toEqual({
      Text: 'slow',
    });
  });

  it('an array of structures', async () => {
    const value = [plant.construct(3010, { x: 1, y: 2, z: 3 }), plant.construct(3010, { x: 4, y: 5, z: 6 })];
    const variant = { dataType: DataType.ExtensionObject, arrayType: VariantArrayType.Array, value };
    expect(await plainOf('vectors', 'ns=1;i=3010', variant, { valueRank: 1 })).toEqual([
      { X: 1, Y: 2, Z: 3 },
      { X: 4, Y: 5, Z: 6 },
    ]);
  });

  it('values the library has decoded by itself come out the same', async () => {
    const cases = [
      ['read-weld', 3011, weld(), plainWeld],
      ['read-part', 3012, plant.construct(3012, { serial: 'A1', good: true }), { Serial: 'A1', Good: true }],
      ['read-setpoint', 3013, plant.construct(3013, { number: 2.5 }), { Number: 2.5 }],
    ] as const;
    const decoder = decoderFor();
    for (const [name, type, value, expected] of cases) {
      const nodeId = plant.add(name, `ns=1;i=${type}`, { dataType: DataType.ExtensionObject, value });
      expect(decoder.decode(await session.read({ nodeId }))).toEqual(expected);
    }
  });

  it('structures of OPC UA itself are JSON by their standard field names, enumerations in them named', async () => {
    const decoder = decoderFor();
    const [dataValue] = await notifiedValues(session, ['i=2256']);
    expect(decoder.decode(dataValue ?? new DataValue())).toMatchObject({
      State: { Value: 0, Name: 'Running' },
      StartTime: expect.stringMatching(/^20\d\d-.*Z$/),
      SecondsTillShutdown: 0,
      BuildInfo: { ProductUri: expect.any(String) },
    });
  });

  it('describes the node: data type with namespace URI, built-in type and rank', async () => {
    const nodeId = plant.add('described', 'ns=1;i=3001', { dataType: DataType.Int32, value: 0 });
    const [type] = await decoderFor().prepare([nodeId]);
    expect(type).toMatchObject({ dataType: `nsu=${VALUES_NAMESPACE};i=3001`, builtIn: 6, valueRank: -1 });
  });
});

describe('types that cannot be read harm nothing else', () => {
  it('with type reading off a structure travels undecoded and an enumeration as a number', async () => {
    const variant = { dataType: DataType.ExtensionObject, value: plant.construct(3010, { x: 1, y: 2, z: 3 }) };
    const body = Buffer.alloc(24);
    [1, 2, 3].forEach((value, index) => body.writeDoubleLE(value, index * 8));
    expect(await plainOf('opaque', 'ns=1;i=3010', variant, { dataTypes: 'off' })).toEqual({
      UaTypeId: `nsu=${VALUES_NAMESPACE};i=5010`,
      UaEncoding: 1,
      UaBody: body.toString('base64'),
    });
    expect(
      await plainOf('opaque-mode', 'ns=1;i=3001', { dataType: DataType.Int32, value: 10 }, { dataTypes: 'off' }),
    ).toBe(10);
  });

  it('a failing type fetch is told once, values go on, and the next try makes it good', async () => {
    const nodeId = plant.add('late', 'ns=1;i=3001', { dataType: DataType.Int32, value: 20 });
    const troubles: (string | null)[] = [];
    let failing = true;
    const source = {
      read: async (nodes: never) => {
        if (failing) throw new Error('BadTimeout');
        return session.read(nodes);
      },
      browse: session.browse.bind(session),
      translateBrowsePath: session.translateBrowsePath.bind(session),
    } as unknown as typeof session;
    using decoder = createValueDecoder(source, { namespaces, onTypeTrouble: (message) => troubles.push(message) });
    const [type] = await decoder.prepare([nodeId]);
    const [dataValue] = await notifiedValues(session, [nodeId]);
    expect(decoder.decode(dataValue ?? new DataValue(), type)).toBe(20);
    expect(troubles).toEqual(['BadTimeout']);
    failing = false;
    await vi.waitFor(() => expect(type?.names?.size).toBe(3), { timeout: 10_000 });
    expect(decoder.decode(dataValue ?? new DataValue(), type)).toEqual({ Value: 20, Name: 'Automatic' });
    expect(troubles).toEqual(['BadTimeout', null]);
    expect(decoder.counters.typeFailures).toBe(1);
  });

  it('a structure met without having been prepared is looked up in the background', async () => {
    const value = plant.construct(3010, { x: 1, y: 2, z: 3 });
    const nodeId = plant.add('surprise', 'ns=1;i=3010', { dataType: DataType.ExtensionObject, value });
    const decoder = decoderFor();
    const [dataValue] = await notifiedValues(session, [nodeId]);
    expect(decoder.decode(dataValue ?? new DataValue())).toMatchObject({ UaEncoding: 1 });
    await vi.waitFor(() => expect(decoder.decode(dataValue ?? new DataValue())).toEqual({ X: 1, Y: 2, Z: 3 }), {
      timeout: 10_000,
    });
    expect(decoder.counters.undecoded).toBeGreaterThan(0);
  });

  it('types are read from a server that takes five nodes per call and says nothing of it', async () => {
    await using small = await openValueServer({ maxNodesPerRead: 5, maxNodesPerBrowse: 2 });
    await using connection = await openPlainSession(small.endpoint);
    const nodeId = small.add('weld', 'ns=1;i=3011', { dataType: DataType.ExtensionObject, value: weld() });
    using decoder = createValueDecoder(connection.session, {
      namespaces: await connection.session.readNamespaceArray(),
    });
    const [type] = await decoder.prepare([nodeId]);
    const [dataValue] = await notifiedValues(connection.session, [nodeId]);
    expect(decoder.decode(dataValue ?? new DataValue(), type)).toEqual(plainWeld);
  });

  it('no body, however broken, throws: it is a value or a counted refusal', async () => {
    const variant = { dataType: DataType.ExtensionObject, value: weld() };
    const nodeId = plant.add('broken', 'ns=1;i=3011', variant);
    const decoder = decoderFor();
    await decoder.prepare([nodeId]);
    const [dataValue = new DataValue()] = await notifiedValues(session, [nodeId]);
    const undecoded = dataValue.value.value as { buffer: Buffer };
    const good = undecoded.buffer;
    let refused = 0;
    const check = (body: Buffer): void => {
      undecoded.buffer = body;
      const value = decoder.decode(dataValue);
      const isRefused = value instanceof RefusedValue;
      if (isRefused) refused += 1;
      expect(isRefused || Object.keys(value ?? {}).join() === Object.keys(plainWeld).join()).toBe(true);
    };
    assert(property(uint8Array({ maxLength: 300 }), (bytes) => check(Buffer.from(bytes))));
    assert(
      property(nat(good.length - 1), nat(255), (at, byte) => {
        const body = Buffer.from(good);
        body[at] = byte;
        check(body);
      }),
    );
    for (let length = 0; length < good.length; length += 1) check(good.subarray(0, length));
    const counted = Object.values(decoder.counters.refused).reduce((sum, count) => sum + count, 0);
    expect(refused).toBeGreaterThanOrEqual(good.length);
    expect(counted).toBe(refused);
  });
});
