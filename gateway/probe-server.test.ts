import { describe, expect, it } from 'vitest';
import { openTestServer, TEST_NAMESPACE } from '../tests/support/opcua-test-server.ts';
import { processTag, serverOf, startGatewayRig } from '../tests/support/gateway-rig.ts';
import { eventually } from '../tests/support/stack.ts';
import { createMetrics } from './metrics.ts';
import { startProbeServer } from './probe-server.ts';

const power = processTag('Power', `nsu=${TEST_NAMESPACE};s=Power`);
const missing = processTag('Typo', `nsu=${TEST_NAMESPACE};s=Powr`);

const openPlc = () =>
  openTestServer({
    build: (namespace, addressSpace) => {
      namespace.addVariable({
        organizedBy: addressSpace.rootFolder.objects,
        browseName: 'Power',
        nodeId: 's=Power',
        dataType: 'Double',
        value: { dataType: 'Double', value: 12.5 },
      });
    },
  });

describe('the probes of a gateway', () => {
  it('tell alive, ready and metrics, with the state of every connection and tag', async () => {
    await using plc = await openPlc();
    await using rig = await startGatewayRig(
      [serverOf('plc', plc.endpoint, [power, missing]), serverOf('gone', 'opc.tcp://127.0.0.1:9', [power])],
      { probes: { host: '127.0.0.1', port: 0 } },
    );
    const url = rig.probesUrl();
    await eventually('the first value', () => rig.of('Power').length > 0);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', reasons: [] }]);
    const text = await eventually('the metrics', async () => {
      const body = await (await fetch(`${url}/metrics`)).text();
      return body.includes('joulegate_gateway_tags{server="plc",state="unknown"} 1') && body;
    });
    expect(text).toContain('joulegate_gateway_tags{server="plc",state="live"} 1');
    expect(text).toContain('joulegate_gateway_connection_state{server="plc",state="running"} 1');
    expect(text).toContain('joulegate_gateway_connection_state{server="gone",state="running"} 0');
    expect(text).toMatch(/joulegate_gateway_values_total [1-9]/);
    expect(text).toMatch(/joulegate_gateway_publish_seconds_count [1-9]/);
    expect((await fetch(`${url}/else`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
    const { connections = [] } = rig.gateway.health();
    expect(connections.find(({ name }) => name === 'plc')).toMatchObject({
      state: 'running',
      serviceLevel: 255,
      tags: { live: 1, unknown: 1 },
      exceptions: [
        { tag: 'hall/line/plc/Typo', state: 'unknown', reason: expect.stringContaining('BadNodeIdUnknown') },
      ],
    });
    expect(connections.find(({ name }) => name === 'gone')).toMatchObject({ tags: { offline: 1, live: 0 } });
  });

  it('say why the gateway is not ready', async () => {
    await using rig = await startGatewayRig([serverOf('gone', 'opc.tcp://127.0.0.1:9', [power])], {
      probes: { host: '127.0.0.1', port: 0 },
    });
    const answer = await eventually('the refusal', async () => {
      const response = await fetch(`${rig.probesUrl()}/readyz`);
      const { reasons } = (await response.json()) as { readonly reasons: readonly string[] };
      return response.status === 503 && reasons.some((reason) => reason.includes('unreachable')) && reasons;
    });
    expect(answer).toHaveLength(1);
    expect(answer[0]).toContain('server "gone" is unreachable');
  });

  it('ask for a token where one is set, and never leave loopback without one', async () => {
    const health = () => ({
      service: 'gateway' as const,
      id: 'g',
      version: '0',
      state: 'running' as const,
      at: 0,
      problems: [],
      figures: {},
    });
    const sources = { health, isBrokerConnected: () => true, ...createMetrics(health) };
    await using guarded = await startProbeServer({ host: '127.0.0.1', port: 0, token: 'sixteen letters!' }, sources);
    expect((await fetch(`${guarded.url}/metrics`)).status).toBe(401);
    expect((await fetch(`${guarded.url}/healthz`)).status).toBe(200);
    const headers = { authorization: 'Bearer sixteen letters!' };
    expect((await fetch(`${guarded.url}/metrics`, { headers })).status).toBe(200);
    await expect(startProbeServer({ host: '0.0.0.0', port: 0 }, sources)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});
