import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrokerSection } from '../../broker/config.ts';
import { listUsers, removeUser, setPassword } from '../../broker/main.ts';
import { RIG_PASSWORD, startBrokerRig, type BrokerRig } from '../support/broker-rig.ts';
import { createAuthority } from '../support/certificates.ts';
import { eventually, temporaryFolder } from '../support/stack.ts';
import { startMosquitto, type Mosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/free-port.ts';

const run = promisify(execFile);
type Answer = { readonly code: number; readonly stdout: string; readonly stderr: string };
const tool = (program: string, args: readonly string[]): Promise<Answer> =>
  run(program, [...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Answer) => ({ code, stdout, stderr }),
  );

describe('TLS, client certificates and passwords', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let rig: BrokerRig;
  let authority: ReturnType<typeof createAuthority>;
  let tlsPort: number;
  let wsPort: number;
  let wssPort: number;
  const server = (file: 'pem' | 'key') => join(folder.path, `server.${file}`);
  const use = (certificate: { certFile: string; keyFile: string }): void => {
    copyFileSync(certificate.keyFile, server('key'));
    copyFileSync(certificate.certFile, server('pem'));
  };
  /** Arguments of mosquitto's tools for the TLS listener. */
  const secured = (client: string | null, password: string | null, user = 'edge-1', days = 365): string[] => {
    const shown = client === null ? null : authority.issue(client, { days });
    return [
      '-h',
      '127.0.0.1',
      '-p',
      String(tlsPort),
      '--cafile',
      authority.caFile,
      ...(shown === null ? [] : ['--cert', shown.certFile, '--key', shown.keyFile]),
      ...(password === null ? [] : ['-u', user, '-P', password]),
    ];
  };

  beforeAll(async () => {
    folder = await temporaryFolder();
    authority = createAuthority(folder.path);
    use(authority.issue('broker'));
    [tlsPort, wsPort, wssPort] = [await freePort(), await freePort(), await freePort()];
    const section: Partial<BrokerSection> = {
      allowPlain: false,
      tls: {
        certFile: server('pem'),
        keyFile: server('key'),
        caFile: authority.caFile,
        crlFile: authority.revoke(),
        clientCertificate: 'optional',
      },
      listeners: [
        { transport: 'mqtts', host: '127.0.0.1', port: tlsPort },
        { transport: 'ws', host: '127.0.0.1', port: wsPort },
        { transport: 'wss', host: '127.0.0.1', port: wssPort },
      ],
    };
    rig = await startBrokerRig(
      section,
      [
        { username: 'edge-1', role: 'gateway' },
        { username: 'viewer', role: 'viewer' },
      ],
      { caFile: authority.caFile },
    );
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it('mosquitto_pub and mosquitto_sub talk through TLS with client certificate and password', async () => {
    const topic = 'opcua/json/status/edge-1';
    const sent = await tool('mosquitto_pub', [
      ...secured('edge-1', RIG_PASSWORD),
      '-t',
      topic,
      '-m',
      'up',
      '-q',
      '1',
      '-r',
    ]);
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    const got = await tool('mosquitto_sub', [
      ...secured('viewer', RIG_PASSWORD, 'viewer'),
      '-t',
      'opcua/json/#',
      '-C',
      '1',
      '-W',
      '5',
    ]);
    expect(got.stdout).toBe('up\n');
  });

  it('a client certificate alone signs in, its common name being the user', async () => {
    const { code } = await tool('mosquitto_pub', [
      ...secured('edge-1', null),
      '-t',
      'opcua/json/status/edge-1',
      '-m',
      'x',
      '-q',
      '1',
    ]);
    expect(code).toBe(0);
  });

  it('refuses the certificate of another with a password, of an unknown user, of a foreign authority, and one that has ended', async () => {
    const say = ['-t', 'opcua/json/status/edge-1', '-m', 'x', '-q', '1'];
    expect((await tool('mosquitto_pub', [...secured('viewer', RIG_PASSWORD, 'edge-1'), ...say])).code).not.toBe(0);
    expect(await rig.told('client-certificate-refused', '"subject":"viewer"')).toMatchObject({ principal: 'edge-1' });
    expect((await tool('mosquitto_pub', [...secured('stranger', null), ...say])).code).not.toBe(0);
    await rig.told('sign-in-refused', 'stranger');
    expect((await tool('mosquitto_pub', [...secured('edge-1', RIG_PASSWORD, 'edge-1', -1), ...say])).code).not.toBe(0);
    await rig.told('client-certificate-refused', 'CERT_HAS_EXPIRED');
    const foreign = createAuthority(folder.path, 'foreign').issue('edge-1');
    const shown = ['--cert', foreign.certFile, '--key', foreign.keyFile];
    expect((await tool('mosquitto_pub', [...secured(null, RIG_PASSWORD), ...shown, ...say])).code).not.toBe(0);
    await rig.told('client-certificate-refused', 'UNABLE_TO');
  });

  it('takes a new revocation list without a restart: a revoked certificate no longer signs in', async () => {
    const stolen = authority.issue('edge-1', { days: 200 });
    const say = ['-t', 'opcua/json/status/edge-1', '-m', 'up', '-q', '1', '-r'];
    const shown = [...secured(null, null), '--cert', stolen.certFile, '--key', stolen.keyFile, ...say];
    expect((await tool('mosquitto_pub', shown)).code).toBe(0);
    authority.revoke(stolen);
    await rig.told('own-certificate-renewed');
    expect((await tool('mosquitto_pub', shown)).code).not.toBe(0);
    await rig.told('client-certificate-refused', 'CERT_REVOKED');
    expect((await tool('mosquitto_pub', [...secured('edge-1', null), ...say])).code).toBe(0);
  });

  it('refuses TLS 1.1 and clear text on the TLS port', async () => {
    const say = ['-t', 'opcua/json/status/edge-1', '-m', 'x', '-q', '1'];
    const hello = (version: string) =>
      run('sh', [
        '-c',
        `openssl s_client -connect 127.0.0.1:${tlsPort} ${version} -cipher ALL:@SECLEVEL=0 </dev/null 2>&1 || true`,
      ]);
    expect((await hello('-tls1_1')).stdout).toContain('alert protocol version');
    expect((await hello('-tls1_2')).stdout).toContain('Protocol  : TLSv1.2');
    const clear = await tool('mosquitto_pub', [
      '-h',
      '127.0.0.1',
      '-p',
      String(tlsPort),
      '-u',
      'edge-1',
      '-P',
      RIG_PASSWORD,
      ...say,
    ]);
    expect(clear.code).not.toBe(0);
    await rig.told('malformed-packet', 'tls-handshake');
  });

  it('serves MQTT over WebSocket, plain and secured, but not to a page of another origin', async () => {
    for (const url of [`ws://127.0.0.1:${wsPort}/mqtt`, `wss://127.0.0.1:${wssPort}/mqtt`]) {
      const client = await connectAsync(url, {
        username: 'viewer',
        password: RIG_PASSWORD,
        reconnectPeriod: 0,
        rejectUnauthorized: false,
      });
      const message = new Promise<string>((resolve) =>
        client.once('message', (_topic, payload) => resolve(payload.toString())),
      );
      await client.subscribeAsync('opcua/json/status/+');
      expect(await message).toBe('up');
      await client.endAsync(true);
    }
    const page = new WebSocket(`ws://127.0.0.1:${wsPort}/mqtt`, ['mqtt'], { origin: 'https://evil.example' });
    const status = await new Promise((resolve) => {
      page.once('unexpected-response', (_request, response) => resolve(response.statusCode));
      page.once('open', () => resolve('let in'));
    });
    page.on('error', () => undefined);
    page.terminate();
    expect(status).toBe(401);
  });

  it('takes a new certificate without a restart, and keeps the old one when the new one is broken', async () => {
    const shown = async (): Promise<string> =>
      (
        await run('sh', [
          '-c',
          `openssl s_client -connect 127.0.0.1:${tlsPort} </dev/null 2>/dev/null | openssl x509 -noout -subject`,
        ])
      ).stdout;
    expect(await shown()).toContain('broker');
    use(authority.issue('renewed'));
    await eventually('the new certificate', async () => (await shown()).includes('renewed'));
    await rig.told('own-certificate-renewed');
    writeFileSync(server('pem'), 'no certificate');
    await rig.told('own-certificate-refused');
    expect(await shown()).toContain('renewed');
    expect(rig.broker().health().problems).toMatchObject([{ where: 'broker.tls' }]);
    use(authority.issue('broker', { days: 3 }));
    await rig.told('own-certificate-expiring');
  });

  it('takes changed users without a restart: a removed one is cut and stays out', async () => {
    const client = await connectAsync(`mqtts://127.0.0.1:${tlsPort}`, {
      username: 'viewer',
      password: RIG_PASSWORD,
      reconnectPeriod: 0,
      rejectUnauthorized: false,
    });
    client.on('error', () => undefined);
    const cut = new Promise<void>((resolve) => client.once('close', () => resolve()));
    await removeUser(rig.folder, 'viewer');
    await cut;
    expect((await listUsers(rig.folder)).map(({ username }) => username)).not.toContain('viewer');
    await setPassword(rig.folder, { username: 'viewer', role: 'viewer' }, 'another-password-0123');
    const back = await connectAsync(`mqtts://127.0.0.1:${tlsPort}`, {
      username: 'viewer',
      password: 'another-password-0123',
      reconnectPeriod: 0,
      rejectUnauthorized: false,
    });
    await back.endAsync(true);
  });
});

describe('a bridge into mosquitto', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let authority: ReturnType<typeof createAuthority>;
  let lines: string[];
  let port: number;
  let upstream: Mosquitto;
  const readers: string[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder();
    authority = createAuthority(folder.path);
    const { certFile, keyFile } = authority.issue('mosquitto');
    spawnSync('mosquitto_passwd', ['-b', '-c', join(folder.path, 'passwd'), 'plant-1', RIG_PASSWORD]);
    lines = [
      'allow_anonymous false',
      `password_file ${join(folder.path, 'passwd')}`,
      `cafile ${authority.caFile}`,
      `certfile ${certFile}`,
      `keyfile ${keyFile}`,
      'require_certificate true',
    ];
    port = await freePort();
    upstream = await startMosquitto({ folder: folder.path, lines, port });
    const own = authority.issue('reader');
    readers.push(
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '--cafile',
      authority.caFile,
      '--cert',
      own.certFile,
      '--key',
      own.keyFile,
      '-u',
      'plant-1',
      '-P',
      RIG_PASSWORD,
    );
  });
  afterAll(async () => {
    await upstream[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it('forwards chosen topics with TLS, client certificate, password and prefix; what is said while it is away, or before a restart of ours, arrives once it is back', async () => {
    const { certFile, keyFile } = authority.issue('plant-1');
    await using rig = await startBrokerRig(
      {
        bridges: [
          {
            name: 'hq',
            url: `mqtts://127.0.0.1:${port}`,
            username: 'plant-1',
            password: RIG_PASSWORD,
            caFile: authority.caFile,
            certFile,
            keyFile,
            topics: ['opcua/json/data/#', 'cell/+'],
            prefix: 'plant-1/',
          },
        ],
      },
      [
        { username: 'edge-1', role: 'gateway' },
        { username: 'loop', role: 'device', publish: ['#'], subscribe: ['#'], wildcards: true },
        { username: 'remote', role: 'bridge', publish: ['#'], subscribe: ['#'] },
      ],
    );
    const bridged = () => eventually('the bridge', () => rig.broker().health().figures['bridgesConnected'] === 1);
    await bridged();
    // A session upstream that keeps what it is sent while the reader is away.
    const keep = [...readers, '-i', 'hq-reader', '-c', '-q', '1', '-t', '#', '-v'];
    const read = async (): Promise<string[]> => {
      const { stdout } = await tool('mosquitto_sub', [...keep, '-W', '2']);
      return [...new Set(stdout.trim().split('\n'))];
    };
    await tool('mosquitto_sub', [...keep, '-E']);
    const gateway = await rig.client('edge-1');
    const topic = 'opcua/json/data/edge-1/s/m';
    for (const text of ['1', '2']) await gateway.publishAsync(topic, text, { qos: 1 });
    await gateway.publishAsync('opcua/json/metadata/edge-1/s/m', 'not chosen', { qos: 1 });
    expect(await read()).toEqual([`plant-1/${topic} 1`, `plant-1/${topic} 2`]);

    await upstream.kill();
    await eventually('the bridge to notice', () => rig.broker().health().state === 'degraded');
    for (const text of ['3', '4']) await gateway.publishAsync(topic, text, { qos: 1 });
    await rig.restart();
    const again = await rig.client('edge-1');
    await again.publishAsync(topic, '5', { qos: 1 });
    expect(rig.broker().health().figures['queuedMessages']).toBe(3);
    upstream = await startMosquitto({ folder: folder.path, lines, port });
    await bridged();
    expect(await read()).toEqual(['3', '4', '5'].map((text) => `plant-1/${topic} ${text}`));
    await eventually('an empty queue', () => rig.broker().health().figures['queuedMessages'] === 0);

    // What came from there does not go back: neither by its prefix nor by who said it.
    const loop = await rig.client('loop');
    await loop.publishAsync('opcua/json/data/plant-1/opcua/x', 'echo', { qos: 1 });
    const remote = await rig.client('remote');
    await remote.publishAsync('cell/1', 'from upstream', { qos: 1 });
    await loop.publishAsync('cell/2', 'own', { qos: 1 });
    expect(await read()).toEqual(['plant-1/cell/2 own']);
  });
});
