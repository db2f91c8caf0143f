import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { MessageSecurityMode, SecurityPolicy } from 'node-opcua';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewaySide, makeCertificate, temporaryFolder } from '../../../tests/support/gateway-side.ts';
import { startRequestTap } from '../../../tests/support/request-tap.ts';
import { startSecuredServer, type SecuredServer } from '../../../tests/support/secured-server.ts';
import { reject, trust } from '../../certificates.ts';
import { acceptRefusedSecurity } from './server-state.ts';
import { watchSession } from './session-watch.ts';
import { rejectCertificate } from './trust-store.ts';

const { SignAndEncrypt, Sign, None } = MessageSecurityMode;
const opened = new AsyncDisposableStack();
let folder = '';
let server: SecuredServer;
let serial = 0;

beforeAll(async () => {
  folder = opened.use(await temporaryFolder('verify')).path;
  server = opened.use(await startSecuredServer({ folder: join(folder, 'server') }));
});
afterAll(() => opened.disposeAsync());

const newGateway = () => gatewaySide(join(folder, `gateway-${(serial += 1)}`));
const pinned = { trustServerCertificate: 'pinned' } as const;
const fingerprintIn = (text: string): string => /SHA-256 ([0-9a-f]{64})/.exec(text)?.[1] ?? '';
const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'it worked',
    (error: Error) => error.message,
  );

describe('an unknown server certificate', () => {
  it('is refused, put aside with its fingerprint, and trusted by the command the message names', async () => {
    const gateway = newGateway();
    await expect(gateway.open(server.endpoint, pinned)).rejects.toMatchObject({ code: 'CERTIFICATE_UNTRUSTED' });
    const message = await messageOf(gateway.open(server.endpoint, pinned));
    const fingerprint = fingerprintIn(message);
    expect(message).toContain(`"joulegate cert trust ${fingerprint} --data ${gateway.dataDir}"`);
    expect(await readdir(join(gateway.pkiDir, 'rejected'))).toEqual([`${fingerprint}.pem`]);
    expect(gateway.kinds()).toEqual(['own-certificate-new', 'server-certificate-new']);

    await trust(gateway.pkiDir, fingerprint.slice(0, 12), Date.now());
    await using session = await gateway.open(server.endpoint, pinned);
    expect(session.security.securityMode).toBe(SignAndEncrypt);
    expect(await readdir(join(gateway.pkiDir, 'rejected'))).toEqual([]);
  });

  it('that was only put aside is taken at first use when that is configured, one that a person refused is not', async () => {
    const gateway = newGateway();
    const fingerprint = fingerprintIn(await messageOf(gateway.open(server.endpoint, pinned)));
    await reject(gateway.pkiDir, fingerprint, Date.now());
    await expect(gateway.open(server.endpoint)).rejects.toMatchObject({ code: 'CERTIFICATE_UNTRUSTED' });
    const other = newGateway();
    await messageOf(other.open(server.endpoint, pinned));
    await using session = await other.open(server.endpoint);
    expect(session.security.securityMode).toBe(SignAndEncrypt);
  });
});

describe('a server that shows another certificate than before', () => {
  it('is refused with an event also where the first one was taken at first use', async () => {
    const gateway = newGateway();
    const first = await startSecuredServer({ folder: join(folder, 'before') });
    await (await gateway.open(first.endpoint))[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    gateway.events.length = 0;

    await using second = await startSecuredServer({ folder: join(folder, 'after'), port: first.port });
    const message = await messageOf(gateway.open(second.endpoint));
    expect(message).toContain('it is not the one this server had before');
    await messageOf(gateway.open(second.endpoint));
    expect(gateway.events).toMatchObject([{ kind: 'server-certificate-changed', severity: 'high' }]);

    await trust(gateway.pkiDir, fingerprintIn(message), Date.now());
    await using session = await gateway.open(second.endpoint);
    expect(session.security.securityMode).toBe(SignAndEncrypt);
    expect(gateway.events.at(-1)).toMatchObject({ kind: 'server-certificate-changed', severity: 'medium' });
  });
});

describe('a certificate with a fault', () => {
  const applicationUri = 'urn:joulegate:test:server';
  const day = 86_400_000;
  it.each([
    ['has expired', 'validity', { applicationUri, from: new Date(Date.now() - 10 * day), days: 5 }, /it expired on 20/],
    ['is not valid yet', 'validity', { applicationUri, from: new Date(Date.now() + 5 * day) }, /valid only from/],
    [
      'names another application',
      'application-uri',
      { applicationUri: 'urn:other' },
      /its application URI is urn:other/,
    ],
  ] as const)(
    'that %s is refused with that reason, and taken when %s is tolerated',
    async (name, fault, made, reason) => {
      const gateway = newGateway();
      const files = await makeCertificate(join(folder, `made-${name.replaceAll(' ', '-')}`), made);
      await using faulty = await startSecuredServer({ folder: join(folder, `faulty-${name}`), more: { ...files } });
      expect(await messageOf(gateway.open(faulty.endpoint))).toMatch(reason);
      const message = await messageOf(gateway.open(faulty.endpoint, pinned));
      expect(message).toMatch(reason);
      expect(message).toContain(`tolerate: [${fault}]`);
      await trust(gateway.pkiDir, fingerprintIn(message), Date.now());
      expect(await messageOf(gateway.open(faulty.endpoint, pinned))).toMatch(reason);
      await using session = await gateway.open(faulty.endpoint, { ...pinned, tolerate: [fault] });
      expect(session.security.securityMode).toBe(SignAndEncrypt);
    },
  );

  it('that is made out for another host is refused unless the host is this machine', async () => {
    const gateway = newGateway();
    const elsewhere = `opc.tcp://0.0.0.0:${server.port}`;
    expect(await messageOf(gateway.open(elsewhere))).toMatch(/it is made out for .*, not for 0\.0\.0\.0/);
    const tolerant = newGateway();
    await using session = await tolerant.open(elsewhere, { tolerate: ['host-name'] });
    expect(session.security.securityMode).toBe(SignAndEncrypt);
  });
});

describe('a certificate that ends soon', () => {
  it('is announced a month and a week before, once each', async () => {
    const gateway = newGateway();
    const days = 60;
    const files = await makeCertificate(join(folder, 'ending'), { applicationUri: 'urn:joulegate:test:server', days });
    await using ending = await startSecuredServer({ folder: join(folder, 'ending-server'), more: files });
    const end = Date.now() + (days - 1) * 86_400_000;
    await (await gateway.open(ending.endpoint))[Symbol.asyncDispose]();
    for (const before of [40, 29, 28, 6, 5]) {
      await (await gateway.open(ending.endpoint, {}, () => end - before * 86_400_000 - 60_000))[Symbol.asyncDispose]();
    }
    expect(gateway.events.filter(({ kind }) => kind === 'server-certificate-expiring')).toMatchObject([
      { severity: 'low', message: expect.stringContaining('ends in 29 days') },
      { severity: 'medium', message: expect.stringContaining('ends in 6 days') },
    ]);
  });
});

describe('a session that is open', () => {
  it('ends when a person rejects the certificate of its server', async () => {
    const gateway = newGateway();
    await using session = await gateway.open(server.endpoint);
    const closed = new Promise((resolve) => session.client.once('close', resolve));
    const fingerprint = (await readdir(join(gateway.pkiDir, 'trusted/certs')))[0]?.replace('.pem', '') ?? '';
    using _watch = watchSession({
      client: session.client,
      guard: { violation: null },
      pkiDir: gateway.pkiDir,
      fingerprint,
      renewOwn: () => Promise.resolve(),
      everyMs: 20,
    });
    await rejectCertificate(gateway.pkiDir, session.security.certificate ?? Buffer.alloc(0));
    await Promise.race([closed, wait(10_000).then(() => Promise.reject(new Error('still open')))]);
    await expect(gateway.open(server.endpoint)).rejects.toMatchObject({ code: 'CERTIFICATE_UNTRUSTED' });
  });
});

describe('a connection that the library repairs by itself', () => {
  const repairing = { initialDelay: 50, maxDelay: 200, maxRetry: -1 };
  const within = (promise: Promise<unknown>, what: string) =>
    Promise.race([promise, wait(20_000).then(() => Promise.reject(new Error(`waited too long: ${what}`)))]);

  it('is repaired when the server shows the same certificate', async () => {
    await using tap = await startRequestTap(server.port);
    await using session = await newGateway().open(`opc.tcp://127.0.0.1:${tap.port}`);
    Object.assign(session.client, { connectionStrategy: repairing });
    const restored = once(session.session, 'session_restored');
    tap.cut();
    await within(restored, 'session restored');
    expect((await session.session.read({ nodeId: 'i=2258', attributeId: 13 })).statusCode.name).toBe('Good');
  });

  it('ends when the server comes back with another one, which a new session judges', async () => {
    const gateway = newGateway();
    const first = await startSecuredServer({ folder: join(folder, 'repaired') });
    await using session = await gateway.open(first.endpoint);
    Object.assign(session.client, { connectionStrategy: repairing });
    const closed = once(session.client, 'close');
    await first[Symbol.asyncDispose]();
    await using second = await startSecuredServer({ folder: join(folder, 'repaired-other'), port: first.port });
    await within(closed, 'client closed');
    await expect(gateway.open(second.endpoint)).rejects.toMatchObject({ code: 'CERTIFICATE_UNTRUSTED' });
  });
});

describe('a server that offers less security than before', () => {
  const strong = { policies: [SecurityPolicy.None, SecurityPolicy.Aes256_Sha256_RsaPss] };
  const weaker = { policies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256], modes: [None, Sign] };

  it('is refused until a person accepts it, with one event', async () => {
    const gateway = newGateway();
    const before = await startSecuredServer({ folder: join(folder, 'downgraded'), ...strong });
    await (await gateway.open(before.endpoint))[Symbol.asyncDispose]();
    await before[Symbol.asyncDispose]();
    gateway.events.length = 0;

    await using after = await startSecuredServer({ folder: join(folder, 'downgraded'), port: before.port, ...weaker });
    await expect(gateway.open(after.endpoint)).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
    const message = await messageOf(gateway.open(after.endpoint));
    expect(message).toContain('now offers at most Sign/Basic256Sha256');
    expect(message).toContain('had SignAndEncrypt/Aes256_Sha256_RsaPss');
    expect(message).toContain('joulegate cert accept-security plc');
    expect(gateway.events).toMatchObject([{ kind: 'security-downgrade', severity: 'critical' }]);

    expect(await acceptRefusedSecurity(gateway.pkiDir, 'plc')).toEqual({ mode: 'Sign', policy: 'Basic256Sha256' });
    await using session = await gateway.open(after.endpoint);
    expect(session.security.securityMode).toBe(Sign);
    await expect(acceptRefusedSecurity(gateway.pkiDir, 'plc')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is read with what a person asks for by name', async () => {
    const gateway = newGateway();
    await (await gateway.open(server.endpoint))[Symbol.asyncDispose]();
    await using session = await gateway.open(server.endpoint, { securityMode: 'Sign' });
    expect(session.security).toMatchObject({
      securityMode: Sign,
      securityPolicy: SecurityPolicy.Aes256_Sha256_RsaPss,
    });
  });

  it('and no longer what is configured is an error and one event', async () => {
    const gateway = newGateway();
    const settings = { securityMode: 'SignAndEncrypt', securityPolicy: 'Aes256_Sha256_RsaPss' } as const;
    const before = await startSecuredServer({ folder: join(folder, 'vanished'), ...strong });
    await (await gateway.open(before.endpoint, settings))[Symbol.asyncDispose]();
    await before[Symbol.asyncDispose]();
    gateway.events.length = 0;

    await using after = await startSecuredServer({ folder: join(folder, 'vanished'), port: before.port, ...weaker });
    const message = await messageOf(gateway.open(after.endpoint, settings));
    expect(message).toContain('does not offer securityMode SignAndEncrypt with securityPolicy Aes256_Sha256_RsaPss');
    await messageOf(gateway.open(after.endpoint, settings));
    expect(gateway.events).toMatchObject([{ kind: 'security-downgrade', severity: 'high' }]);
  });

  it('than SHA-256 is not read by "best"', async () => {
    const gateway = newGateway();
    const policies = [SecurityPolicy.Basic256, SecurityPolicy.Basic128Rsa15];
    await using old = await startSecuredServer({ folder: join(folder, 'old'), policies, modes: [SignAndEncrypt] });
    expect(await messageOf(gateway.open(old.endpoint))).toMatch(/it offers .*SignAndEncrypt\/Basic256/);
    await using session = await gateway.open(old.endpoint, { securityPolicy: 'Basic256' });
    expect(session.security.securityPolicy).toBe(SecurityPolicy.Basic256);
  });
});

describe('no security at all', () => {
  it('needs allowInsecure when the server is not on this machine', async () => {
    await using open = await startSecuredServer({
      folder: join(folder, 'open'),
      policies: [SecurityPolicy.None],
      modes: [None],
    });
    const elsewhere = `opc.tcp://0.0.0.0:${open.port}`;
    const gateway = newGateway();
    expect(await messageOf(gateway.open(elsewhere))).toContain('set allowInsecure: true for server "plc"');
    const byName = { securityMode: 'None', securityPolicy: 'None' } as const;
    expect(await messageOf(gateway.open(elsewhere, byName))).toContain('allowInsecure');
    await using allowed = await gateway.open(elsewhere, { allowInsecure: true });
    expect(allowed.security.securityMode).toBe(None);
    await using local = await gateway.open(open.endpoint);
    expect(local.security.securityMode).toBe(None);
  });
});
