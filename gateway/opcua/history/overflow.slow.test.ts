import { DataType, type UAVariable } from 'node-opcua';
import { describe, expect, it } from 'vitest';
import { processTag, serverOf, startGatewayRig } from '../../../tests/support/gateway-rig.ts';
import { openTestServer, TEST_NAMESPACE } from '../../../tests/support/opcua-test-server.ts';
import { eventually } from '../../../tests/support/stack.ts';

describe('values that the queue of a server dropped', () => {
  it('come from its history, and none comes twice', async () => {
    let variable: UAVariable | null = null;
    await using server = await openTestServer({
      server: { serverCapabilities: { minSupportedSampleRate: 0 } },
      build: (namespace, addressSpace) => {
        variable = namespace.addVariable({
          organizedBy: addressSpace.rootFolder.objects,
          browseName: 'Fast',
          nodeId: 's=Fast',
          dataType: 'UInt32',
          minimumSamplingInterval: 0,
        });
        addressSpace.installHistoricalDataNode(variable, { maxOnlineValues: 100_000 });
      },
    });
    let count = 0;
    const timer = setInterval(() => {
      count += 1;
      variable?.setValueFromSource({ dataType: DataType.UInt32, value: count });
    }, 20);
    try {
      await using rig = await startGatewayRig([
        serverOf('plc', server.endpoint, [
          processTag('Fast', `nsu=${TEST_NAMESPACE};s=Fast`, { queueSize: 3, publishingInterval: '500ms' }),
        ]),
      ]);
      await eventually('the history', () => rig.events.some(({ kind }) => kind === 'history-filled'));
      await eventually('more of it', () => rig.of('Fast').filter(({ origin }) => origin === 'history').length > 200);
      const live = rig.of('Fast').filter(({ origin }) => origin === undefined);
      const upTo = Number(live.at(-1)?.value);
      await eventually('all up to here', () => {
        const values = new Set(rig.of('Fast').map(({ value }) => Number(value)));
        const first = Number(live[0]?.value);
        return Array.from({ length: upTo - first }, (_, index) => first + index).every((value) => values.has(value));
      });
      const times = rig.of('Fast').map(({ at }) => at);
      expect(new Set(times).size).toBe(times.length);
      expect(rig.gateway.health().figures['serverLostTotal']).toBeGreaterThan(0);
    } finally {
      clearInterval(timer);
    }
  });
});
