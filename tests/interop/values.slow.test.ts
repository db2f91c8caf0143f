import { describe, expect, it } from 'vitest';
import { ASYNCUA_NAMESPACE, hasAsyncua, startAsyncuaServer } from '../support/asyncua-server.ts';
import { processTag, serverOf, startGatewayRig, stateTag } from '../support/gateway-rig.ts';
import { eventually } from '../support/stack.ts';

const node = (name: string): string => `nsu=${ASYNCUA_NAMESPACE};s=${name}`;

/** What asyncua serves, as text with every digit. */
const scalars = {
  ScalarBoolean: 'true',
  ScalarSByte: '-128',
  ScalarByte: '255',
  ScalarInt16: '-32768',
  ScalarUInt16: '65535',
  ScalarInt32: '-2147483648',
  ScalarUInt32: '4294967295',
  ScalarInt64: '-9223372036854775808',
  ScalarUInt64: '18446744073709551615',
  ScalarFloat: '0.10000000149011612',
  ScalarDouble: '0.1',
  ScalarString: 'Zürich 冲压',
  ScalarNaN: 'NaN',
  ScalarPositiveInfinity: 'Infinity',
  ScalarNegativeInfinity: '-Infinity',
} as const;
/** How these are spelt is the gateway's choice within OPC UA JSON, so only their meaning is compared. */
const readings: Readonly<Record<string, (value: unknown) => boolean>> = {
  ScalarDateTime: (value) => Date.parse(String(value)) === Date.UTC(2026, 2, 1, 12, 30, 15, 123),
  ScalarGuid: (value) => String(value).toLowerCase() === '72962b91-fa75-4ae6-8d28-b404dc7daf63',
  ScalarLocalizedText: (value) => JSON.stringify(value).includes('Druck'),
};
/** Values the gateway had no form for when this was written. */
const nested: Readonly<Record<string, (value: unknown) => boolean>> = {
  ScalarByteString: (value) => Buffer.from(String(value), 'base64').toString('hex') === '00ff10',
  ScalarNodeId: (value) => JSON.stringify(value).includes('2258'),
  ScalarQualifiedName: (value) => JSON.stringify(value).includes('Speed'),
  ArrayInt64: (value) => String(value) === '-9223372036854775808,9007199254740993',
  ArrayDouble: (value) => JSON.stringify(value) === '[0.1,1.7976931348623157e+308]',
  ArrayString: (value) => JSON.stringify(value) === '["Zürich 冲压",""]',
  ArrayEmpty: (value) => JSON.stringify(value) === '[]',
  MatrixDouble: (value) => String(value) === '1.5,2.5,3.5,4.5,5.5,6.5',
  Mode: (value) => JSON.stringify(value).includes('Run'),
  Recipe: (value) => {
    const text = JSON.stringify(value) ?? '';
    return ['steel', '9007199254740993', '[0.5,1.5]'].every((part) => text.includes(part));
  },
};

const namesOf = (table: object): string[] => Object.keys(table);

describe.runIf(hasAsyncua())('values of a server that is not node-opcua arrive over MQTT', () => {
  it('carries scalars of every type with exact digits, status Good and the source time of the server', async () => {
    await using server = await startAsyncuaServer({ dataTypes: true });
    const names = [...namesOf(scalars), ...namesOf(readings)];
    await using rig = await startGatewayRig([
      serverOf(
        'plc',
        server.endpoint,
        names.map((name) => stateTag(name, node(name))),
      ),
    ]);
    for (const name of names) await eventually(`the value of ${name}`, () => rig.of(name).length > 0);
    for (const [name, text] of Object.entries(scalars))
      expect([name, String(rig.of(name)[0]?.value), rig.of(name)[0]?.statusCode]).toEqual([name, text, 0]);
    for (const [name, isRight] of Object.entries(readings)) {
      const { value } = rig.of(name)[0] ?? {};
      expect([name, value, isRight(value)]).toEqual([name, value, true]);
    }
    const at = await server.set('ScalarInt64', 'Int64', '9007199254740993', { at: Date.UTC(2026, 0, 2, 3, 4, 5, 678) });
    const later = await eventually('the new value', () => rig.of('ScalarInt64').at(1) ?? null);
    expect(later).toMatchObject({ value: '9007199254740993', at, statusCode: 0 });
  });

  it('carries arrays, matrices, enumerations and structures', async () => {
    await using server = await startAsyncuaServer({ dataTypes: true });
    await using rig = await startGatewayRig([
      serverOf(
        'plc',
        server.endpoint,
        namesOf(nested).map((name) => stateTag(name, node(name))),
      ),
    ]);
    for (const name of namesOf(nested)) await eventually(`the value of ${name}`, () => rig.of(name).length > 0);
    const wrong = Object.entries(nested).flatMap(([name, isRight]) => {
      const { value, statusCode } = rig.of(name)[0] ?? {};
      return isRight(value) ? [] : [{ name, value, statusCode }];
    });
    expect(wrong).toEqual([]);
  });

  it('never turns a value it cannot use into 0 and keeps the good ones beside it', async () => {
    await using server = await startAsyncuaServer({ dataTypes: true });
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [
        processTag('text', node('ScalarString')),
        processTag('notANumber', node('ScalarNaN')),
        processTag('good', node('ScalarDouble')),
      ]),
    ]);
    for (const name of ['text', 'notANumber', 'good'])
      await eventually(`something of ${name}`, () => rig.of(name).length > 0);
    expect(rig.of('good')[0]).toMatchObject({ value: 0.1, statusCode: 0 });
    for (const name of ['text', 'notANumber']) {
      const { value, statusCode } = rig.of(name)[0] ?? { statusCode: 0 };
      expect([name, value, statusCode >>> 30]).toEqual([name, null, 2]);
    }
    expect(rig.problem('VALUE_NOT_A_NUMBER', 'hall/line/plc/text')).not.toBeNull();
  });

  it('passes a bad status on as it is, with no value', async () => {
    await using server = await startAsyncuaServer();
    await using rig = await startGatewayRig([serverOf('plc', server.endpoint, [processTag('power', node('Power'))])]);
    await eventually('the first value', () => rig.of('power').length > 0);
    const sensorFailure = 0x80_8c_00_00;
    await server.set('Power', 'Double', 3, { status: sensorFailure });
    const bad = await eventually('the bad value', () => rig.of('power').find((each) => each.statusCode !== 0) ?? null);
    expect(bad).toMatchObject({ value: null, statusCode: sensorFailure });
    await server.set('Power', 'Double', 4);
    await eventually('the good value after it', () => rig.of('power').at(-1)?.value === 4);
  });

  it('brings every change of a counter once and in order', async () => {
    await using server = await startAsyncuaServer({ counters: { count: 2, intervalMs: 20 } });
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [processTag('a', node('Counter0')), processTag('b', node('Counter1'))]),
    ]);
    for (const name of ['a', 'b']) {
      await eventually(`a hundred values of ${name}`, () => rig.of(name).length >= 100);
      const values = rig.of(name).map((arrival) => Number(arrival.value));
      const first = values[0] ?? Number.NaN;
      expect(values).toEqual(values.map((_, index) => first + index));
    }
  });
});

describe.runIf(hasAsyncua())('what is wrong at a server that is not node-opcua is named', () => {
  it('names a node id that does not exist and goes on with the good ones', async () => {
    await using server = await startAsyncuaServer({ counters: { count: 1, intervalMs: 100 } });
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [
        processTag('typo', node('Cuonter0')),
        processTag('stranger', 'nsu=urn:not:here;s=Counter0'),
        processTag('count', node('Counter0')),
      ]),
    ]);
    await eventually('the good tag', () => rig.of('count').length > 3);
    const typo = await eventually('the problem', () => rig.problem('NODE_UNKNOWN', 'hall/line/plc/typo'));
    expect(typo.message).toContain('Cuonter0');
    expect(typo.message).toContain(server.endpoint);
    const stranger = await eventually('the problem', () => rig.problem('NODE_UNKNOWN', 'hall/line/plc/stranger'));
    expect(stranger.message).toContain('urn:not:here');
    expect([...rig.of('typo'), ...rig.of('stranger')].filter((arrival) => arrival.value !== null)).toEqual([]);
  });

  it('reports a unit that contradicts the plant file', async () => {
    await using server = await startAsyncuaServer();
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [
        processTag('energy', node('Energy'), { unit: 'MW.h' }),
        processTag('power', node('Power'), { unit: 'kW' }),
      ]),
    ]);
    const problem = await eventually('the contradiction', () => rig.problem('UNIT_CONTRADICTION'));
    expect(problem.where).toBe('hall/line/plc/energy');
    expect(problem.message).toContain('KWH');
    expect(rig.problem('UNIT_CONTRADICTION', 'hall/line/plc/power')).toBeNull();
  });

  it('delivers no value of another tag when namespaces swap at a restart', async () => {
    const [first, second] = [
      { uri: 'urn:plant:a', twin: 1000 },
      { uri: 'urn:plant:b', twin: 5000 },
    ];
    await using server = await startAsyncuaServer({ namespaces: [first, second] });
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [
        processTag('a', 'nsu=urn:plant:a;s=Twin'),
        processTag('b', 'nsu=urn:plant:b;s=Twin'),
      ]),
    ]);
    await eventually('both values', () => rig.of('a').length > 0 && rig.of('b').length > 0);
    const before = { a: rig.of('a').length, b: rig.of('b').length };
    await server.restart({ namespaces: [second, first] }, 500);
    await eventually(
      'both values after the restart',
      () => rig.of('a').length > before.a && rig.of('b').length > before.b,
      25_000,
    );
    expect(new Set(rig.of('a').map((arrival) => arrival.value))).toEqual(new Set([1000]));
    expect(new Set(rig.of('b').map((arrival) => arrival.value))).toEqual(new Set([5000]));
  });

  it('leaves one session at the server, and none once it stopped', async () => {
    await using server = await startAsyncuaServer({ counters: { count: 1, intervalMs: 100 } });
    {
      await using rig = await startGatewayRig([
        serverOf('plc', server.endpoint, [processTag('count', node('Counter0'))]),
      ]);
      await eventually('data', () => rig.of('count').length > 0);
      expect(await server.sessions()).toBe(1);
    }
    await eventually('no session', async () => (await server.sessions()) === 0);
    expect(await server.sessions()).toBe(0);
  });
});
