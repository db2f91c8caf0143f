import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect, connectAsync } from 'mqtt';
import { expect, it } from 'vitest';
import { setPassword } from '../../broker/main.ts';
import { SystemEvent } from '../../broker/contract/event.ts';
import { eventually, temporaryFolder } from '../support/stack.ts';

const PASSWORD = 'disk-password-0123456789';
/** The broker on a disk of 8 MB of its own, which another program fills while the file `fill` is there. */
const SMALL_DISK =
  'cp "$DATA/users.json" "$FILL.users"; mount -t tmpfs -o size=8m,mode=0700 none "$DATA"; cp "$FILL.users" "$DATA/users.json"; ' +
  '(while true; do until [ -e "$FILL" ]; do sleep 0.1; done; dd if=/dev/zero of="$DATA/foreign" bs=512; while [ -e "$FILL" ]; do sleep 0.1; done; rm "$DATA/foreign"; done) >/dev/null 2>&1 & exec "$@"';

it('on a full disk nothing is acknowledged that is not stored, the broker stays up and says so, and goes on once there is room', async () => {
  await using folder = await temporaryFolder();
  await using data = await temporaryFolder();
  const fill = join(folder.path, 'fill');
  await setPassword(
    data.path,
    { username: 'u', role: 'device', publish: ['k/#'], subscribe: ['k/#'], wildcards: true },
    PASSWORD,
  );
  await setPassword(data.path, { username: 'listener', role: 'scoring' }, PASSWORD);
  const section = JSON.stringify({ id: 'broker-1', host: '127.0.0.1', port: 0 });
  const broker = ['tests/support/broker-process.ts', data.path, section];
  const child = spawn(
    'unshare',
    ['--user', '--map-root-user', '--mount', 'sh', '-c', SMALL_DISK, 'sh', process.execPath, ...broker],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, DATA: data.path, FILL: fill }, detached: true },
  );
  try {
    const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const sign = { username: 'u', password: PASSWORD, reconnectPeriod: 100 };
    const events: SystemEvent[] = [];
    const listener = await connectAsync(url, { ...sign, username: 'listener' });
    listener.on('message', (_topic, payload) => events.push(JSON.parse(payload.toString()) as SystemEvent));
    await listener.subscribeAsync('joulegate/events/+');
    const reader = await connectAsync(url, { ...sign, clientId: 'reader', clean: false, reconnectPeriod: 0 });
    await reader.subscribeAsync('k/#', { qos: 1 });
    await reader.endAsync();

    const acknowledged: string[] = [];
    const publisher = await connectAsync(url, { ...sign, clientId: 'publisher', clean: false });
    publisher.on('error', () => undefined);
    const said: Promise<unknown>[] = [];
    const say = (text: string): void =>
      void said.push(publisher.publishAsync('k/x', text, { qos: 1 }).then(() => acknowledged.push(text)));
    for (let number = 0; number < 50; number += 1) say(`before ${number}`);
    await eventually('what was said before', () => acknowledged.length === 50);
    writeFileSync(fill, '');
    await eventually('a full disk', () => {
      say(`full ${said.length} ${'x'.repeat(2000)}`);
      return events.some(({ kind, subject }) => kind === 'limit-hit' && subject === 'disk');
    });
    const during = said.length;
    expect(acknowledged.length).toBeLessThan(during);
    rmSync(fill);
    say('after');
    await eventually('what waited', () => acknowledged.length === said.length, 20_000);

    const received = new Set<string>();
    // What is queued may come right behind the CONNACK.
    const back = connect(url, { ...sign, clientId: 'reader', clean: false });
    back.on('message', (_topic, payload) => received.add(payload.toString()));
    await eventually('everything acknowledged', () => acknowledged.every((text) => received.has(text)));
    expect(received.size).toBe(said.length);
    for (const client of [back, publisher, listener]) client.end(true);
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }
});
