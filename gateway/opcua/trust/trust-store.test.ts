import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { array, assert, nat, property, tuple } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JoulegateError } from '../../../broker/contract/error.ts';
import { makeCertificate, temporaryFolder } from '../../../tests/support/gateway-side.ts';
import { certificateFaults, leafOf, printable, readCertificate } from './certificate-facts.ts';
import { NonceMemory } from './nonce-memory.ts';
import { acceptRefusedSecurity, readServerState, writeServerState } from './server-state.ts';
import {
  certCommand,
  findCertificate,
  isTrusted,
  listCertificates,
  putAside,
  rejectCertificate,
  trustCertificate,
} from './trust-store.ts';

const opened = new AsyncDisposableStack();
let folder = '';
let pem = Buffer.alloc(0);
let other = Buffer.alloc(0);
beforeAll(async () => {
  folder = opened.use(await temporaryFolder('store')).path;
  const make = async (name: string) =>
    readFile(
      (await makeCertificate(join(folder, name), { applicationUri: `urn:${name}`, dns: ['press-3', '*.plant.lan'] }))
        .certificateFile,
    );
  pem = await make('a');
  other = await make('b');
});
afterAll(() => opened.disposeAsync());

describe('the trust folders', () => {
  it('hold a certificate in one list at a time, found by any way to write its fingerprint', async () => {
    const pkiDir = join(folder, 'one');
    const { fingerprint } = await rejectCertificate(pkiDir, pem);
    await trustCertificate(pkiDir, pem);
    expect(await isTrusted(pkiDir, fingerprint)).toBe(true);
    const colons = (fingerprint.toUpperCase().match(/../g) ?? []).join(':');
    for (const words of [fingerprint, colons, fingerprint.slice(0, 8)]) {
      expect(await findCertificate(pkiDir, words)).toMatchObject({ fingerprint, list: 'trusted' });
    }
    await rejectCertificate(pkiDir, pem);
    expect(await isTrusted(pkiDir, fingerprint)).toBe(false);
    expect(await listCertificates(pkiDir)).toMatchObject([
      { list: 'rejected', subject: expect.stringContaining('made for a test') },
    ]);
  });

  it.each([
    ['no fingerprint', 'hello', 'USAGE'],
    ['too few digits', 'abc', 'USAGE'],
    ['an unknown one', 'abcdef0123', 'NOT_FOUND'],
  ])('say so for %s', async (_name, words, code) => {
    await expect(findCertificate(join(folder, 'one'), words)).rejects.toMatchObject({ code });
  });

  it('take files that a person dropped in, in DER or PEM, and pass over what is no certificate', async () => {
    const pkiDir = join(folder, 'dropped');
    const trusted = join(pkiDir, 'trusted', 'certs');
    await mkdir(trusted, { recursive: true });
    await writeFile(join(trusted, 'press-3.der'), readCertificate(pem).der);
    await writeFile(join(trusted, 'notes.txt'), 'hello');
    await writeFile(join(trusted, 'broken.pem'), 'hello');
    expect(await listCertificates(pkiDir)).toHaveLength(1);
    await rejectCertificate(pkiDir, pem);
    expect(await readdir(trusted)).toEqual(expect.not.arrayContaining(['press-3.der']));
  });

  it('keep at most a hundred certificates of a server that shows a new one each time', async () => {
    const pkiDir = join(folder, 'flood');
    const rejected = join(pkiDir, 'rejected');
    await mkdir(rejected, { recursive: true });
    for (let n = 0; n < 150; n += 1) await writeFile(join(rejected, `${n}.pem`), 'old');
    const { fingerprint } = await putAside(pkiDir, other);
    const files = await readdir(rejected);
    expect(files).toHaveLength(100);
    expect(files).toContain(`${fingerprint}.pem`);
  });

  it('name the command with the data folder they lie in', () => {
    expect(certCommand('/var/lib/joulegate/gateway/pki', 'list')).toBe('joulegate cert list --data /var/lib/joulegate');
    expect(certCommand('/my data/gateway/pki', 'list')).toBe('joulegate cert list --data "/my data"');
  });
});

describe('what is known of a server', () => {
  it('is not forgotten silently when its file is damaged', async () => {
    const pkiDir = join(folder, 'state');
    await writeServerState(pkiDir, 'plc', { agreed: { mode: 'Sign', policy: 'Basic256Sha256' } });
    await writeFile(join(pkiDir, 'servers', 'plc.json'), '{"agreed":');
    await expect(readServerState(pkiDir, 'plc')).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
    await expect(acceptRefusedSecurity(pkiDir, 'press')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('known are plc'),
    });
  });
});

describe('the facts of a certificate', () => {
  const expected = { applicationUri: 'urn:a', now: Date.now(), leastKeyBits: 2048 };
  const kinds = (host: string, more: object = {}) =>
    certificateFaults(readCertificate(pem), { ...expected, host, ...more }).map(({ kind }) => kind);

  it.each([
    ['press-3', []],
    ['PRESS-3.', []],
    ['oven.plant.lan', []],
    ['127.0.0.1', []],
    ['::1', []],
    ['plant.lan', ['host-name']],
    ['a.oven.plant.lan', ['host-name']],
    ['10.1.2.3', ['host-name']],
    ['127.0.0.1.evil.example', ['host-name']],
  ])('fit host %s with faults %s', (host, faults) => {
    expect(kinds(host)).toEqual(faults);
  });

  it('tell what else is wrong', () => {
    expect(kinds('press-3', { applicationUri: 'urn:b' })).toEqual(['application-uri']);
    expect(kinds('press-3', { leastKeyBits: 4096 })).toEqual(['weak-key']);
    expect(kinds('press-3', { now: Date.now() + 1e12 })).toEqual(['validity']);
    expect(kinds('press-3', { now: 0 })).toEqual(['validity']);
  });

  it('are of the first certificate of a chain, and an error for anything else', () => {
    const { der, fingerprint } = readCertificate(pem);
    const chain = Buffer.concat([der, readCertificate(other).der]);
    expect(leafOf(chain).equals(der)).toBe(true);
    expect(leafOf(Buffer.from('30800000', 'hex'))).toHaveLength(4);
    expect(readCertificate(chain).fingerprint).toBe(fingerprint);
    for (const junk of [
      Buffer.alloc(0),
      Buffer.from('30', 'hex'),
      Buffer.from('30800000', 'hex'),
      Buffer.from('3084ffffffff00', 'hex'),
      Buffer.from('x'),
    ]) {
      expect(() => readCertificate(junk)).toThrow('cannot be read as X.509');
    }
  });

  it('are read or refused with our error, whatever bytes a server sends', () => {
    const { der } = readCertificate(pem);
    const changes = array(tuple(nat(der.length - 1), nat(255)), { minLength: 1, maxLength: 8 });
    let refused = 0;
    assert(
      property(changes, nat(der.length), (edits, length) => {
        const bytes = Buffer.from(der);
        for (const [at, value] of edits) bytes[at] = value;
        const sent = length % 4 === 0 ? bytes.subarray(0, length) : bytes;
        try {
          const facts = readCertificate(sent);
          certificateFaults(facts, { ...expected, host: 'press-3' });
        } catch (error) {
          refused += 1;
          if (!(error instanceof JoulegateError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('cannot forge lines of a terminal', () => {
    expect(printable('CN=a\u001b[2J\u202Eb\r\u0000')).toBe('CN=a·[2J·b··');
  });
});

describe('the memory of nonces', () => {
  it('forgets only the oldest ones', () => {
    const memory = new NonceMemory();
    const nonce = (n: number) => Buffer.from(String(n).padStart(32, 'x'));
    for (let n = 0; n < 1500; n += 1) expect(memory.objection(nonce(n), 'CreateSession')).toBeNull();
    expect(memory.objection(nonce(1499), 'CreateSession')).toContain('was used before');
    expect(memory.objection(nonce(0), 'CreateSession')).toBeNull();
    expect(memory.objection(null, 'CreateSession')).toContain('has 0 bytes');
    expect(memory.objection(Buffer.from('short'), 'CreateSession')).toContain('has 5 bytes, less than 32');
  });
});
