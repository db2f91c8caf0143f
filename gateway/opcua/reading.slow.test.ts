import { StatusCodes, Variant, type AddressSpace, type Namespace, type UAVariable } from 'node-opcua';
import { describe, expect, it } from 'vitest';
import { processTag, serverOf, startGatewayRig } from '../../tests/support/gateway-rig.ts';
import { openTestServer, TEST_NAMESPACE, type TestServer } from '../../tests/support/opcua-test-server.ts';
import { startTcpProxy } from '../../tests/support/tcp-proxy.ts';
import { eventually } from '../../tests/support/stack.ts';

const node = (name: string) => `nsu=${TEST_NAMESPACE};s=${name}`;

/** A server with the nodes Power and State. */
async function openPlc() {
  const variables = new Map<string, UAVariable>();
  const plc: TestServer = await openTestServer({
    build: (namespace: Namespace, addressSpace: AddressSpace) => {
      for (const name of ['Power', 'State']) {
        variables.set(
          name,
          namespace.addVariable({
            organizedBy: addressSpace.rootFolder.objects,
            browseName: name,
            nodeId: `s=${name}`,
            dataType: 'Double',
            value: { dataType: 'Double', value: 1 },
          }),
        );
      }
    },
  });
  return {
    ...plc,
    set: (name: string, value: number, at?: number) =>
      variables
        .get(name)
        ?.setValueFromSource(
          { dataType: 'Double', value },
          StatusCodes.Good,
          at === undefined ? undefined : new Date(at),
        ),
    [Symbol.asyncDispose]: () => plc[Symbol.asyncDispose](),
  };
}

const tags = [processTag('Power', node('Power')), processTag('State', node('State'))];
const valuesOf = (arrivals: readonly { readonly value: unknown }[]) => arrivals.map(({ value }) => value);

describe('a server without subscriptions', () => {
  it('is read in rounds, each change once, with a mistyped node named', async () => {
    await using plc = await openPlc();
    await using rig = await startGatewayRig([
      serverOf('plc', plc.endpoint, [...tags, processTag('Typo', node('Powr'))], { reading: 'poll' }),
    ]);
    await eventually('the first values', () => rig.of('Power').length === 1 && rig.of('State').length === 1);
    plc.set('Power', 2);
    await eventually('the change', () => rig.of('Power').length === 2);
    plc.set('Power', 3);
    await eventually('the next change', () => rig.of('Power').length === 3);
    expect(valuesOf(rig.of('Power'))).toEqual([1, 2, 3]);
    expect(valuesOf(rig.of('State'))).toEqual([1]);
    expect(rig.problem('NODE_UNKNOWN', 'hall/line/plc/Typo')).not.toBeNull();
    expect(rig.gateway.health().connections?.[0]).toMatchObject({ state: 'polling', tags: { live: 2, unknown: 1 } });
  });

  it('is read again within ten seconds when it answers again', { timeout: 90_000 }, async () => {
    await using plc = await openPlc();
    await using proxy = await startTcpProxy(Number(new URL(plc.endpoint).port));
    const endpoint = `opc.tcp://127.0.0.1:${proxy.port}`;
    await using rig = await startGatewayRig([serverOf('plc', endpoint, tags, { reading: 'poll' })]);
    await eventually('the first value', () => rig.of('Power').length === 1);
    for (const [index, kind] of (['blackHole', 'cut'] as const).entries()) {
      proxy.setMode({ kind });
      await eventually('the loss is noticed', () => rig.gateway.health().connections?.[0]?.state !== 'polling', 20_000);
      plc.set('Power', 10 + index);
      proxy.setMode({ kind: 'pass' });
      const backAt = Date.now();
      const again = await eventually(
        'the value since',
        () => rig.of('Power').find(({ value }) => value === 10 + index) ?? false,
        40_000,
      );
      expect(again.receivedAt - backAt).toBeLessThan(10_000);
    }
    expect(valuesOf(rig.of('Power'))).toEqual([1, 10, 11]);
    expect(plc.engine.currentSessionCount).toBeLessThanOrEqual(2);
  });

  it('is found out by its refusal', async () => {
    await using plc = await openPlc();
    plc.engine.serverCapabilities.maxSubscriptionsPerSession = 0;
    await using rig = await startGatewayRig([serverOf('plc', plc.endpoint, tags)]);
    await eventually('the first values', () => rig.of('Power').length === 1 && rig.of('State').length === 1);
    plc.set('State', 5);
    await eventually('the change', () => rig.of('State').length === 2);
    expect(rig.gateway.health().connections?.[0]?.state).toBe('polling');
  });
});

describe('a tag with a heartbeat', () => {
  it('has its last value sent again while it is quiet, with its own time and marked', async () => {
    await using plc = await openPlc();
    await using rig = await startGatewayRig([
      serverOf('plc', plc.endpoint, [
        processTag('Power', node('Power'), { heartbeat: '1s' }),
        processTag('State', node('State')),
      ]),
    ]);
    await eventually(
      'two heartbeats',
      () => rig.of('Power').filter(({ origin }) => origin === 'heartbeat').length >= 2,
    );
    const [first, ...beats] = rig.of('Power');
    expect(first?.origin).toBeUndefined();
    expect(new Set(beats.map(({ at, value, origin }) => JSON.stringify([at, value, origin])))).toEqual(
      new Set([JSON.stringify([first?.at, 1, 'heartbeat'])]),
    );
    expect(rig.of('State')).toHaveLength(1);
  });
});

describe('redundant servers', () => {
  it('are read one at a time, and the next one within ten seconds when one is lost', async () => {
    await using standby = await openPlc();
    const active = await openPlc();
    await using rig = await startGatewayRig([
      serverOf('pair', active.endpoint, tags, { redundant: [standby.endpoint] }),
    ]);
    active.set('Power', 10);
    await eventually('values of the first', () => valuesOf(rig.of('Power')).includes(10));
    standby.set('Power', 20);
    const lostAt = Date.now();
    await active[Symbol.asyncDispose]();
    const from = await eventually(
      'values of the second',
      () => rig.of('Power').find(({ value }) => value === 20) ?? false,
    );
    expect(from.receivedAt - lostAt).toBeLessThan(10_000);
    const keys = rig.of('Power').map(({ at, value }) => `${at} ${String(value)}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(rig.gateway.health().connections).toHaveLength(1);
  });

  it('deliver no value twice when the second is a little behind the first', async () => {
    await using standby = await openPlc();
    const active = await openPlc();
    const begin = Date.now() + 1000;
    const tick = (server: typeof active, count: number) => server.set('Power', 100 + count, begin + count * 500);
    await using rig = await startGatewayRig([
      serverOf('pair', active.endpoint, tags, { redundant: [standby.endpoint] }),
    ]);
    await eventually('the first values', () => rig.of('Power').length > 0);
    for (const count of [1, 2, 3]) {
      tick(active, count);
      if (count < 3) tick(standby, count);
      await eventually(`value ${count}`, () => valuesOf(rig.of('Power')).includes(100 + count));
    }
    await active[Symbol.asyncDispose]();
    await eventually('the second is read', () => rig.gateway.health().connections?.[0]?.tags.live === 2, 20_000);
    for (const count of [3, 4]) tick(standby, count);
    await eventually('values of the second', () => valuesOf(rig.of('Power')).includes(104), 20_000);
    expect(valuesOf(rig.of('Power')).filter((value) => Number(value) > 100)).toEqual([101, 102, 103, 104]);
    expect(rig.problem('ENDPOINT_UNREACHABLE', active.endpoint)).not.toBeNull();
  });

  it('are left for a better one when their ServiceLevel falls', { timeout: 60_000 }, async () => {
    await using standby = await openPlc();
    await using active = await openPlc();
    await using rig = await startGatewayRig([
      serverOf('pair', active.endpoint, tags, { redundant: [standby.endpoint] }),
    ]);
    await eventually('values of the first', () => rig.of('Power').length > 0);
    standby.set('Power', 20);
    active.addressSpace.rootFolder.objects.server.serviceLevel.bindVariable(
      { get: () => new Variant({ dataType: 'Byte', value: 100 }) },
      true,
    );
    await eventually('values of the second', () => valuesOf(rig.of('Power')).includes(20), 40_000);
    expect(rig.events.find(({ kind }) => kind === 'server-switched')?.message).toContain('ServiceLevel 255');
  });
});
