import { describe, expect, it } from 'vitest';
import { ASYNCUA_NAMESPACE, hasAsyncua, startAsyncuaServer } from '../support/asyncua-server.ts';
import { processTag, serverOf, startGatewayRig } from '../support/gateway-rig.ts';
import { eventually } from '../support/stack.ts';

const node = (name: string): string => `nsu=${ASYNCUA_NAMESPACE};s=${name}`;

describe.runIf(hasAsyncua())('events of a server that is not node-opcua', () => {
  it('arrive over MQTT with type, severity and message, also after the server has been started again', async () => {
    await using server = await startAsyncuaServer({ events: true, counters: { count: 1, intervalMs: 200 } });
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [processTag('count', node('Counter0'))], {
        events: { notifiers: [node('Plant')] },
      }),
    ]);
    const raise = async (message: string, severity: number) =>
      eventually(`the event "${message}"`, async () => {
        const found = rig.events.find((event) => event.message.includes(message));
        if (found !== undefined) return found;
        await server.emit(message, severity);
        return false;
      });
    await eventually('values', () => rig.of('count').length > 2);
    const first = await raise('oil is low 油位低', 650);
    expect(first).toMatchObject({
      kind: expect.stringMatching(/^server-(alarm|event)$/),
      severity: 'high',
      detail: { server: 'plc', eventType: 'OffNormalAlarmType', sourceName: 'Plant', opcuaSeverity: 650 },
    });
    const before = rig.of('count').length;
    await server.restart({}, 500);
    await eventually('values after the restart', () => rig.of('count').length > before + 2);
    const second = await raise('oil is very low', 900);
    expect(second.severity).toBe('critical');
    const ids = rig.events.filter(({ kind }) => kind.startsWith('server-')).map(({ detail }) => detail?.['eventId']);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
