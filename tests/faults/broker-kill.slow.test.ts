import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { connect, connectAsync } from 'mqtt';
import { expect, it } from 'vitest';
import { setPassword } from '../../broker/main.ts';
import { eventually, temporaryFolder } from '../support/stack.ts';

const PASSWORD = 'kill-password-0123456789';
const ROUNDS = 4;

async function startBrokerProcess(dataDir: string): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const section = JSON.stringify({ id: 'broker-1', host: '127.0.0.1', port: 0 });
  const child = spawn(process.execPath, ['tests/support/broker-process.ts', dataDir, section], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { url, child };
}

it.each([1, 2] as const)(
  'QoS %i: whatever the broker has acknowledged reaches a subscriber who was away, although the broker is killed again and again',
  async (qos) => {
    await using folder = await temporaryFolder();
    await setPassword(
      folder.path,
      { username: 'u', role: 'device', publish: ['k/#'], subscribe: ['k/#'], wildcards: true },
      PASSWORD,
    );
    const sign = { username: 'u', password: PASSWORD, reconnectPeriod: 0 };
    const acknowledged = new Set<string>();
    let number = 0;
    let { url, child } = await startBrokerProcess(folder.path);
    const reader = await connectAsync(url, { ...sign, clientId: 'reader', clean: false });
    await reader.subscribeAsync('k/#', { qos });
    await reader.endAsync();
    for (let round = 0; round < ROUNDS; round += 1) {
      const publisher = await connectAsync(url, { ...sign, clientId: `publisher-${round}` });
      publisher.on('error', () => undefined);
      const before = acknowledged.size;
      const gone = new Promise<void>((resolve) => publisher.once('close', () => resolve()));
      const next = (): void => {
        const text = String((number += 1));
        publisher.publish('k/x', text, { qos, retain: number % 10 === 0 }, (error) => {
          if (error === undefined || error === null) acknowledged.add(text);
          if (publisher.connected) next();
        });
      };
      for (let parallel = 0; parallel < 50; parallel += 1) next();
      await eventually('some acknowledgements', () => acknowledged.size > before + 300);
      child.kill('SIGKILL');
      await gone;
      publisher.end(true);
      ({ url, child } = await startBrokerProcess(folder.path));
    }
    const received: string[] = [];
    // What is queued may come right behind the CONNACK.
    const back = connect(url, { ...sign, clientId: 'reader', clean: false });
    back.on('message', (_topic, payload, { retain }) => void (retain || received.push(payload.toString())));
    await eventually('everything acknowledged', () => {
      const have = new Set(received);
      return [...acknowledged].every((text) => have.has(text));
    });
    expect(acknowledged.size).toBeGreaterThan(ROUNDS * 300);
    expect(new Set(received).size).toBe(received.length);
    await back.endAsync(true);
    child.kill('SIGKILL');
  },
);
