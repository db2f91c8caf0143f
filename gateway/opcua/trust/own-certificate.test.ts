import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from 'node-opcua-pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewaySide, temporaryFolder } from '../../../tests/support/gateway-side.ts';
import { startSecuredServer } from '../../../tests/support/secured-server.ts';
import { ownDaysLeft, renewOwn } from '../../certificates.ts';
import type { WorkerEvent } from '../protocol.ts';
import { daysLeft, leafOf } from './certificate-facts.ts';
import { ensureOwnCertificate, ownFiles, type OwnCertificateOptions } from './own-certificate.ts';
import { toPem } from './trust-store.ts';

const DAY_MS = 86_400_000;
const opened = new AsyncDisposableStack();
let folder = '';
let serial = 0;
beforeAll(async () => {
  folder = opened.use(await temporaryFolder('own')).path;
});
afterAll(() => opened.disposeAsync());

const newFolder = () => join(folder, `pki-${(serial += 1)}`);
const applicationUri = 'urn:joulegate:gateway:gateway-7';
const ensure = (pkiDir: string, events: WorkerEvent[], more: Partial<OwnCertificateOptions> = {}) =>
  ensureOwnCertificate({ pkiDir, applicationUri, now: Date.now(), renewBeforeDays: 30, ...more }, (event) =>
    events.push(event),
  );

const pemOf = (key: string | KeyObject): string =>
  (typeof key === 'string' ? createPrivateKey(key) : key).export({ type: 'pkcs8', format: 'pem' }).toString();

describe('the own certificate', () => {
  it('is made at first start with application URI, host name, a key of 2048 bits and three years', async () => {
    const pkiDir = newFolder();
    const events: WorkerEvent[] = [];
    const { facts } = await ensure(pkiDir, events);
    expect(facts).toMatchObject({ applicationUri, keyBits: 2048, selfSigned: true });
    expect(facts.subject).toContain('Joulegate gateway gateway-7');
    expect(facts.hosts).toContain(hostname());
    expect(daysLeft(facts, Date.now())).toBeGreaterThanOrEqual(3 * 365 - 1);
    expect(facts.notBefore).toBeLessThan(Date.now());
    expect(await ownDaysLeft(pkiDir, Date.now())).toBe(daysLeft(facts, Date.now()));
    expect(((await stat(ownFiles(pkiDir).privateKey)).mode & 0o777).toString(8)).toBe('600');
    expect(events.map(({ kind }) => kind)).toEqual(['own-certificate-new']);
  });

  it('is made once when several workers start at the same time, and stays as it is', async () => {
    const pkiDir = newFolder();
    const events: WorkerEvent[] = [];
    const made = await Promise.all(Array.from({ length: 4 }, () => ensure(pkiDir, events)));
    const again = await ensure(pkiDir, events, { applicationUri: 'urn:another:name' });
    expect(new Set([...made, again].map(({ facts }) => facts.fingerprint)).size).toBe(1);
    expect(events).toHaveLength(1);
    expect(await readdir(join(pkiDir, 'own'))).not.toContain('lock');
  });

  it('is renewed 30 days before its end with the same key, and the old one is kept aside', async () => {
    const pkiDir = newFolder();
    const events: WorkerEvent[] = [];
    const first = await ensure(pkiDir, events);
    const key = await readFile(ownFiles(pkiDir).privateKey, 'utf8');
    const early = first.facts.notAfter - 31 * DAY_MS;
    expect((await ensure(pkiDir, events, { now: early })).facts.fingerprint).toBe(first.facts.fingerprint);

    const late = first.facts.notAfter - 29 * DAY_MS;
    const renewed = await ensure(pkiDir, events, { now: late });
    expect(renewed.facts.fingerprint).not.toBe(first.facts.fingerprint);
    expect(renewed.facts.notAfter).toBeGreaterThan(first.facts.notAfter + 2 * 365 * DAY_MS);
    expect(renewed.previous?.equals(first.certificate)).toBe(true);
    expect(await readFile(ownFiles(pkiDir).privateKey, 'utf8')).toBe(key);
    expect(events.at(-1)).toMatchObject({ kind: 'own-certificate-renewed', severity: 'medium' });
    expect((await ensure(pkiDir, events, { now: late })).facts.fingerprint).toBe(renewed.facts.fingerprint);
  });

  it('is not renewed with every connection when the configured time is longer than its life', async () => {
    const pkiDir = newFolder();
    const events: WorkerEvent[] = [];
    for (let n = 0; n < 3; n += 1) await ensure(pkiDir, events, { renewBeforeDays: 10_000 });
    expect(events).toHaveLength(1);
  });

  it('that an authority issued is left alone, and its end is announced once', async () => {
    const pkiDir = newFolder();
    const events: WorkerEvent[] = [];
    const authority = new CertificateAuthority({ keySize: 2048, location: newFolder(), backend: 'native' });
    await authority.initialize();
    const { certificateDer, privateKey } = await authority.generateKeyPairAndSignDER({ applicationUri, validity: 365 });
    await ensure(pkiDir, []);
    const files = ownFiles(pkiDir);
    const issued = leafOf(certificateDer);
    await writeFile(files.certificate, toPem(issued));
    await writeFile(files.privateKey, pemOf(privateKey.hidden as string | KeyObject));
    const late = Date.now() + 340 * DAY_MS;
    for (let n = 0; n < 3; n += 1) {
      expect((await ensure(pkiDir, events, { now: late })).certificate.equals(issued)).toBe(true);
    }
    expect(events).toMatchObject([{ kind: 'own-certificate-expiring', severity: 'medium' }]);
    await expect(renewOwn(pkiDir, late)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it.each([
    ['key is gone', 'is missing', async () => Buffer.alloc(0)],
    ['key is another one', 'does not belong to the key', (other: string) => readFile(ownFiles(other).privateKey)],
  ])('is not made anew when its %s: that is an error with a remedy', async (_name, says, replacement) => {
    const pkiDir = newFolder();
    const other = newFolder();
    const first = await ensure(pkiDir, []);
    await ensure(other, []);
    const { privateKey } = ownFiles(pkiDir);
    const content = await replacement(other);
    if (content.length > 0) await writeFile(privateKey, content);
    else await rm(privateKey);
    await expect(ensure(pkiDir, [])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(says),
    });
    expect(await readFile(ownFiles(pkiDir).certificate, 'utf8')).toContain(
      first.certificate.toString('base64').slice(0, 60),
    );
  });
});

describe('a server that does not yet trust the renewed certificate', () => {
  it('goes on being read with the old one, and the event says so once', async () => {
    await using server = await startSecuredServer({ folder: join(folder, 'slow'), acceptAnyClient: false });
    const gateway = gatewaySide(newFolder());
    await expect(gateway.open(server.endpoint)).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
    const files = ownFiles(gateway.pkiDir);
    const own = await ensure(gateway.pkiDir, []);
    await server.certificateManager.trustCertificate(own.certificate);
    await (await gateway.open(server.endpoint))[Symbol.asyncDispose]();

    await renewOwn(gateway.pkiDir, Date.now());
    gateway.events.length = 0;
    await (await gateway.open(server.endpoint))[Symbol.asyncDispose]();
    await (await gateway.open(server.endpoint))[Symbol.asyncDispose]();
    expect(gateway.events).toMatchObject([{ kind: 'own-certificate-refused', severity: 'medium' }]);
    expect(gateway.events[0]?.message).toContain(files.certificate);

    const renewed = await ensure(gateway.pkiDir, []);
    await server.certificateManager.trustCertificate(renewed.certificate);
    await using session = await gateway.open(server.endpoint);
    expect(session.client.getCertificate().equals(renewed.certificate)).toBe(true);
    expect(gateway.events).toHaveLength(1);
  });
});
