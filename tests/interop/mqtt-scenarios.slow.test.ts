import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RIG_PASSWORD, startBrokerRig, type BrokerRig } from '../support/broker-rig.ts';

const run = promisify(execFile);
const python = resolve(process.env['JOULEGATE_PAHO_VENV'] ?? '.cache/paho-venv', 'bin/python');

describe('MQTT 3.1.1 scenarios by clients that are not MQTT.js', () => {
  let rig: BrokerRig;
  beforeAll(async () => {
    rig = await startBrokerRig({ limits: { minKeepAlive: '1s' } }, [
      { username: 'open', role: 'device', publish: ['#'], subscribe: ['#', '$SYS/broker/#'], wildcards: true },
      { username: 'closed', role: 'device', publish: ['own/%u/#'], subscribe: ['own/%u/x'] },
    ]);
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  it('paho-mqtt passes all of them, with permissions that allow and with those that refuse', async () => {
    expect(
      existsSync(python),
      `${python} is missing; python3 -m venv .cache/paho-venv and install tests/support/paho/requirements.txt`,
    ).toBe(true);
    const script = 'tests/support/paho/scenarios.py';
    const { stdout } = await run(python, [script, '127.0.0.1', String(rig.broker().port), RIG_PASSWORD]);
    const results = JSON.parse(stdout) as Record<string, string>;
    expect(Object.keys(results).length).toBeGreaterThanOrEqual(15);
    expect(results).toEqual(Object.fromEntries(Object.keys(results).map((name) => [name, 'passed'])));
  });

  const tool = (program: string, user: string, more: readonly string[]) =>
    run(program, ['-h', '127.0.0.1', '-p', String(rig.broker().port), '-u', user, '-P', RIG_PASSWORD, ...more]).then(
      ({ stdout }) => stdout,
      (error: { readonly code: number; readonly stdout: string }) => `exit ${error.code} ${error.stdout}`,
    );

  it('mosquitto_pub and mosquitto_sub exchange messages, kept ones and queued ones', async () => {
    await tool('mosquitto_pub', 'open', ['-t', 'm/kept', '-m', 'kept', '-q', '2', '-r']);
    expect(await tool('mosquitto_sub', 'open', ['-t', 'm/#', '-C', '1', '-W', '5', '-q', '1'])).toBe('kept\n');
    const session = ['-i', 'm-session', '-c', '-t', 'm/queue', '-q', '1', '-W', '5'];
    await tool('mosquitto_sub', 'open', [...session, '-E']);
    await tool('mosquitto_pub', 'open', ['-t', 'm/queue', '-m', 'queued', '-q', '1']);
    expect(await tool('mosquitto_sub', 'open', [...session, '-C', '1'])).toBe('queued\n');
  });

  it('mosquitto_sub is refused what its user may not read, and mosquitto_pub what it may not say', async () => {
    expect(await tool('mosquitto_sub', 'closed', ['-t', 'm/#', '-C', '1', '-W', '2'])).not.toContain('kept');
    const before = rig.events.length;
    await tool('mosquitto_pub', 'closed', ['-t', 'm/kept', '-m', 'forged', '-q', '1', '-r', '--repeat', '1']);
    await rig.told('topic-denied', 'm/kept');
    expect(rig.events.length).toBeGreaterThan(before);
    expect(await tool('mosquitto_sub', 'open', ['-t', 'm/kept', '-C', '1', '-W', '5'])).toBe('kept\n');
  });
});
