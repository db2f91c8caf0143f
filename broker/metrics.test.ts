import { expect, it } from 'vitest';
import { startBrokerRig } from '../tests/support/broker-rig.ts';
import { startBroker } from './main.ts';
import { recordingLog } from '../tests/support/stack.ts';

it('the broker tells its figures to Prometheus and whether it is ready, on loopback only', async () => {
  await using rig = await startBrokerRig({ metrics: { host: '127.0.0.1', port: 0 } }, [
    { username: 'u', role: 'device', publish: ['m/#'], subscribe: ['m/#'] },
  ]);
  const client = await rig.client('u');
  await client.publishAsync('m/x', 'kept', { qos: 1, retain: true });
  const url = rig.broker().metricsUrl ?? '';
  const read = async (path: string) => {
    const answer = await fetch(`${url}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  const { text } = await read('/metrics');
  expect(text).toMatch(/^joulegate_broker_clients 2$/m);
  expect(text).toMatch(/^joulegate_broker_retained_messages [1-9]\d*$/m);
  expect(text).toContain('process_resident_memory_bytes');
  expect(await read('/healthz')).toEqual({ status: 200, text: 'ok\n' });
  expect(await read('/readyz')).toMatchObject({ status: 200 });
  expect((await read('/else')).status).toBe(404);
  const deps = { log: recordingLog(), now: Date.now, dataDir: rig.folder, version: 'test' };
  await expect(
    startBroker(
      { id: 'b', host: '127.0.0.1', port: 0, persistence: false, metrics: { host: '0.0.0.0', port: 0 } },
      deps,
    ),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
