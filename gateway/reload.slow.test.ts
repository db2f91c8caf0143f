import { DataType, type UAVariable } from 'node-opcua';
import { describe, expect, it } from 'vitest';
import { processTag, serverOf, startGatewayRig, type GatewayRig } from '../tests/support/gateway-rig.ts';
import { openTestServer, TEST_NAMESPACE } from '../tests/support/opcua-test-server.ts';
import { eventually } from '../tests/support/stack.ts';
import { startTcpProxy } from '../tests/support/tcp-proxy.ts';

const tag = (name: string, more: object = {}) => processTag(name, `nsu=${TEST_NAMESPACE};s=${name}`, more);

/** A server with counters `A` to `D` that rise by one every 20 ms. */
async function openCounters() {
  await using opening = new AsyncDisposableStack();
  const counters: UAVariable[] = [];
  const server = opening.use(
    await openTestServer({
      server: { serverCapabilities: { minSupportedSampleRate: 0 } },
      build: (namespace, { rootFolder }) => {
        for (const name of ['A', 'B', 'C', 'D']) {
          counters.push(
            namespace.addVariable({
              organizedBy: rootFolder.objects,
              browseName: name,
              nodeId: `s=${name}`,
              dataType: 'UInt32',
              minimumSamplingInterval: 0,
              value: { dataType: DataType.UInt32, value: 0 },
            }),
          );
        }
      },
    }),
  );
  let count = 0;
  const timer = setInterval(() => {
    count += 1;
    for (const counter of counters) counter.setValueFromSource({ dataType: DataType.UInt32, value: count });
  }, 20);
  opening.defer(() => clearInterval(timer));
  const resources = opening.move();
  return {
    endpoint: server.endpoint,
    port: Number(new URL(server.endpoint).port),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Values of a counter as they came; whole when none is missing, none comes twice. */
const valuesOf = (rig: GatewayRig, field: string): number[] => rig.of(field).map(({ value }) => Number(value));
const steps = (values: readonly number[]): Set<number> =>
  new Set(values.slice(1).map((value, index) => value - (values[index] ?? 0)));
const connects = (rig: GatewayRig): number => rig.events.filter(({ kind }) => kind === 'endpoint-connected').length;
const more = async (rig: GatewayRig, field: string, count = 20): Promise<void> => {
  const before = rig.of(field).length;
  await eventually(`more of ${field}`, () => rig.of(field).length > before + count);
};

describe('a changed plant.yaml', () => {
  it('touches only the tags that were added, removed or changed, in the session that is there', async () => {
    await using server = await openCounters();
    await using rig = await startGatewayRig([serverOf('plc', server.endpoint, [tag('A'), tag('B'), tag('C')])]);
    for (const field of ['A', 'B', 'C']) await more(rig, field);
    // A stays, B is gone, C is published in another rhythm, D is new.
    await rig.reload([
      serverOf('plc', server.endpoint, [tag('A'), tag('C', { publishingInterval: '100ms' }), tag('D')]),
    ]);
    await more(rig, 'D');
    await more(rig, 'C');
    const gone = rig.of('B').length;
    await more(rig, 'A', 50);
    expect(rig.of('B').length).toBe(gone);
    expect(steps(valuesOf(rig, 'A'))).toEqual(new Set([1]));
    const changed = rig.of('C').map(({ at }) => at);
    expect(new Set(changed).size, 'no value of a changed tag twice').toBe(changed.length);
    expect(connects(rig)).toBe(1);
  });

  it('that comes while the connection is broken waits for its repair, and nothing is lost', async () => {
    await using server = await openCounters();
    await using proxy = await startTcpProxy(server.port);
    const endpoint = `opc.tcp://127.0.0.1:${proxy.port}`;
    // The newest item is the one by which the gateway proves that its subscription is alive; it goes first.
    await using rig = await startGatewayRig([serverOf('plc', endpoint, [tag('A'), tag('B')])]);
    await more(rig, 'A');
    await rig.reload([serverOf('plc', endpoint, [tag('A')])]);
    proxy.setMode({ kind: 'cut' });
    await eventually('the loss', () => rig.gateway.health().connections?.[0]?.state === 'reconnecting');
    await rig.reload([serverOf('plc', endpoint, [tag('A'), tag('C')])]);
    proxy.setMode({ kind: 'pass' });
    await more(rig, 'C');
    await more(rig, 'A');
    expect(steps(valuesOf(rig, 'A'))).toEqual(new Set([1]));
    expect(connects(rig)).toBe(1);
    expect(rig.events.filter(({ kind }) => kind === 'data-lost')).toEqual([]);
  });

  it('with two changes at once ends with the last one', async () => {
    await using server = await openCounters();
    await using rig = await startGatewayRig([serverOf('plc', server.endpoint, [tag('A')])]);
    await Promise.all([
      rig.reload([serverOf('plc', server.endpoint, [tag('A'), tag('B')])]),
      rig.reload([serverOf('plc', server.endpoint, [tag('A'), tag('C')])]),
    ]);
    await more(rig, 'C');
    const unwanted = rig.of('B').length;
    await more(rig, 'A');
    expect(rig.of('B').length).toBe(unwanted);
    expect(steps(valuesOf(rig, 'A'))).toEqual(new Set([1]));
  });

  it('closes a server that is gone, with its problems, and leaves the others alone', async () => {
    await using server = await openCounters();
    const plc = serverOf('plc', server.endpoint, [tag('A')]);
    await using rig = await startGatewayRig([plc, serverOf('away', 'opc.tcp://127.0.0.1:9', [tag('B')])]);
    await more(rig, 'A');
    await eventually('the problem', () => rig.problem('ENDPOINT_UNREACHABLE'));
    await rig.reload([plc]);
    await more(rig, 'A');
    expect(rig.problem('ENDPOINT_UNREACHABLE')).toBeNull();
    expect(rig.gateway.health().connections?.map(({ name }) => name)).toEqual(['plc']);
    expect(steps(valuesOf(rig, 'A'))).toEqual(new Set([1]));
  });

  it('is refused as a whole when it changes what needs a restart, and the old one stays', async () => {
    await using server = await openCounters();
    await using rig = await startGatewayRig([serverOf('plc', server.endpoint, [tag('A')])]);
    await more(rig, 'A');
    await expect(
      rig.reload([serverOf('plc', server.endpoint, [tag('B')])], { publisherId: 'gateway-2' }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('publisherId') });
    await more(rig, 'A');
    expect(rig.of('B')).toEqual([]);
    expect(steps(valuesOf(rig, 'A'))).toEqual(new Set([1]));
  });
});
