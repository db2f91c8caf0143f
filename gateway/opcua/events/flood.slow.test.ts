import { describe, expect, it } from 'vitest';
import { processTag, serverOf, startGatewayRig } from '../../../tests/support/gateway-rig.ts';
import { openTestServer, TEST_NAMESPACE } from '../../../tests/support/opcua-test-server.ts';
import { eventually } from '../../../tests/support/stack.ts';

describe('a server that raises events without end', () => {
  it('has as many passed on as are allowed, the rest counted, and its values go on', async () => {
    await using server = await openTestServer({
      build: (namespace, { rootFolder }) =>
        void namespace.addVariable({
          organizedBy: rootFolder.objects,
          browseName: 'Power',
          nodeId: 's=Power',
          dataType: 'Double',
          value: { dataType: 'Double', value: 1 },
        }),
    });
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [processTag('Power', `nsu=${TEST_NAMESPACE};s=Power`)], {
        events: { perSecond: 5 },
      }),
    ]);
    const serverObject = server.addressSpace.rootFolder.objects.server;
    await eventually('the event subscription', () => serverObject.listenerCount('event') > 0);
    const RAISED = 500;
    for (let count = 0; count < RAISED; count += 1) {
      serverObject.raiseEvent('SystemEventType', {
        message: { dataType: 'LocalizedText', value: { text: `fault ${count}` } },
        severity: { dataType: 'UInt16', value: 500 },
      });
    }
    const suppressed = await eventually(
      'the count',
      () => rig.events.find(({ kind }) => kind === 'server-events-suppressed') ?? false,
    );
    const passed = rig.events.filter(({ kind, message }) => kind === 'server-event' && message.includes('fault'));
    expect(passed.length).toBeGreaterThanOrEqual(50);
    expect(passed.length).toBeLessThan(100);
    expect(passed.length + Number(suppressed.detail?.['count'])).toBe(RAISED);
    expect(rig.of('Power').length).toBeGreaterThan(0);
  });
});
