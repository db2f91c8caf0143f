import { describe, expect, it } from 'vitest';
import type { ConnectionHealth, ServiceHealth } from '../broker/contract/health.ts';
import { createMetrics } from './metrics.ts';

const connection: ConnectionHealth = {
  name: 'plc',
  state: 'polling',
  reason: '',
  since: 0,
  serviceLevel: 255,
  clockSkewMs: -1500,
  tags: { live: 24, waiting: 0, bad: 1, unknown: 0, quarantined: 0, offline: 0 },
  reading: { subscriptions: 2, items: 20, polled: 5 },
  sessions: 3,
  repairs: 7,
  exceptions: [],
};
const health: ServiceHealth = {
  service: 'gateway',
  id: 'gateway-1',
  version: 'test',
  state: 'degraded',
  at: 0,
  problems: [],
  figures: { valuesTotal: 100, badTotal: 4, ownCertificateDaysLeft: 12 },
  connections: [connection],
};

describe('the metrics of a gateway', () => {
  it('say of each server how it is read, its sessions and repairs', async () => {
    const text = await createMetrics(() => health).registry.metrics();
    for (const line of [
      'joulegate_gateway_subscriptions{server="plc"} 2',
      'joulegate_gateway_monitored_items{server="plc"} 20',
      'joulegate_gateway_polled_tags{server="plc"} 5',
      'joulegate_gateway_server_sessions_total{server="plc"} 3',
      'joulegate_gateway_server_repairs_total{server="plc"} 7',
      'joulegate_gateway_connection_state{server="plc",state="polling"} 1',
      'joulegate_gateway_server_clock_skew_seconds{server="plc"} -1.5',
      'joulegate_gateway_bad_total 4',
      'joulegate_gateway_own_certificate_days_left 12',
    ])
      expect(text.split('\n')).toContain(line);
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
    expect(text).toContain('process_resident_memory_bytes');
  });

  it('are read at each scrape, so that a server that is gone is shown no longer', async () => {
    let now = health;
    const { registry } = createMetrics(() => now);
    expect(await registry.metrics()).toContain('server="plc"');
    now = { ...health, connections: [] };
    expect(await registry.metrics()).not.toContain('server="plc"');
  });
});
