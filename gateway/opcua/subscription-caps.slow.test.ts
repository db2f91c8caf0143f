import { type AddressSpace, type Namespace, type UAVariable } from 'node-opcua';
import { describe, expect, it } from 'vitest';
import { processTag, serverOf, startGatewayRig } from '../../tests/support/gateway-rig.ts';
import { openTestServer, TEST_NAMESPACE } from '../../tests/support/opcua-test-server.ts';
import { eventually } from '../../tests/support/stack.ts';

const names = Array.from({ length: 25 }, (_, index) => `Value${index}`);
const tags = names.map((name) => processTag(name, `nsu=${TEST_NAMESPACE};s=${name}`));

/** A server with 25 nodes and these caps. */
async function openCapped(caps: {
  readonly perSubscription?: number;
  readonly subscriptions?: number;
  readonly items?: number;
}) {
  const variables: UAVariable[] = [];
  const plc = await openTestServer({
    build: (namespace: Namespace, { rootFolder }: AddressSpace) => {
      for (const name of names) {
        variables.push(
          namespace.addVariable({
            organizedBy: rootFolder.objects,
            browseName: name,
            nodeId: `s=${name}`,
            dataType: 'Double',
            value: { dataType: 'Double', value: 0 },
          }),
        );
      }
    },
  });
  const capabilities = plc.engine.serverCapabilities;
  if (caps.perSubscription !== undefined) capabilities.maxMonitoredItemsPerSubscription = caps.perSubscription;
  if (caps.subscriptions !== undefined) capabilities.maxSubscriptionsPerSession = caps.subscriptions;
  if (caps.items !== undefined) capabilities.maxMonitoredItems = caps.items;
  return {
    plc,
    setAll: (value: number) => {
      for (const variable of variables) variable.setValueFromSource({ dataType: 'Double', value });
    },
    [Symbol.asyncDispose]: () => plc[Symbol.asyncDispose](),
  };
}

type Rig = Awaited<ReturnType<typeof startGatewayRig>>;
const hasAll = (rig: Rig, value: number) =>
  names.every((name) => rig.of(name).some((arrival) => arrival.value === value));
const connectionOf = (rig: Rig) => rig.gateway.health().connections?.[0];

/** Every tag delivers a value twice, and no value comes twice. */
async function expectAllFlow(rig: Rig, setAll: (value: number) => void): Promise<void> {
  await eventually('the first values', () => hasAll(rig, 0));
  setAll(1);
  await eventually('the change', () => hasAll(rig, 1));
  for (const name of names) expect(rig.of(name).map(({ value }) => value)).toEqual([0, 1]);
}

describe('a server with little room', () => {
  it('is given as many subscriptions as its items need', async () => {
    await using capped = await openCapped({ perSubscription: 10 });
    await using rig = await startGatewayRig([serverOf('plc', capped.plc.endpoint, tags)]);
    await expectAllFlow(rig, capped.setAll);
    expect(connectionOf(rig)).toMatchObject({
      state: 'running',
      reading: { subscriptions: 3, items: 25, polled: 0 },
      tags: { live: 25 },
      sessions: 1,
      repairs: 0,
    });
  });

  it('is polled for the tags that its subscriptions have no room for', async () => {
    await using capped = await openCapped({ perSubscription: 10, subscriptions: 2 });
    await using rig = await startGatewayRig([serverOf('plc', capped.plc.endpoint, tags)]);
    await expectAllFlow(rig, capped.setAll);
    expect(connectionOf(rig)).toMatchObject({
      state: 'polling',
      reading: { subscriptions: 2, items: 20, polled: 5 },
      tags: { live: 25 },
    });
    expect(connectionOf(rig)?.reason).toContain('5 of 25 tags');
    expect(rig.problem('NODE_UNKNOWN')).toBeNull();
  });

  it('is polled for the tags beyond the items it allows at all', async () => {
    await using capped = await openCapped({ items: 8 });
    await using rig = await startGatewayRig([serverOf('plc', capped.plc.endpoint, tags)]);
    await expectAllFlow(rig, capped.setAll);
    const reading = connectionOf(rig)?.reading;
    expect((reading?.items ?? 0) + (reading?.polled ?? 0)).toBe(25);
    expect(reading?.items).toBeLessThanOrEqual(8);
    expect(reading?.subscriptions).toBe(1);
  });
});
