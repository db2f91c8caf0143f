import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageSecurityMode, SecurityPolicy } from 'node-opcua';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSecuredServer, type SecuredServer } from '../../tests/support/secured-server.ts';
import { openSession, type SessionTarget } from './open-session.ts';
import type { WorkerEvent } from './protocol.ts';

type ServerSettings = SessionTarget['server'];

let folder = '';
let pkiDir = '';
let serial = 0;
const events: WorkerEvent[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-trust-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  pkiDir = join(folder, `pki-${(serial += 1)}`);
  events.length = 0;
});

const target = (endpoint: string, settings: Partial<ServerSettings> = {}): SessionTarget => ({
  server: {
    name: 'plc',
    endpoint,
    securityMode: 'best',
    securityPolicy: 'best',
    trustServerCertificate: 'first-use',
    ...settings,
  },
  pkiDir,
  applicationUri: 'urn:joulegate:gateway:test',
});

const open = (endpoint: string, settings: Partial<ServerSettings> = {}) =>
  openSession(target(endpoint, settings), (event) => events.push(event));

const kinds = () => events.map(({ kind }) => kind);

describe('a server that offers every policy and mode', () => {
  let server: SecuredServer;
  beforeAll(async () => {
    server = await startSecuredServer({ folder: join(folder, 'all') });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it.each([
    ['None', 'None'],
    ['Sign', 'Basic256Sha256'],
    ['SignAndEncrypt', 'Basic256Sha256'],
    ['Sign', 'Aes128_Sha256_RsaOaep'],
    ['SignAndEncrypt', 'Aes128_Sha256_RsaOaep'],
    ['Sign', 'Aes256_Sha256_RsaPss'],
    ['SignAndEncrypt', 'Aes256_Sha256_RsaPss'],
    ['Sign', 'Basic256'],
    ['SignAndEncrypt', 'Basic256'],
    ['Sign', 'Basic128Rsa15'],
    ['SignAndEncrypt', 'Basic128Rsa15'],
  ] as const)('is read with %s and %s when that is configured', async (securityMode, securityPolicy) => {
    await using opened = await open(server.endpoint, { securityMode, securityPolicy });
    expect(opened.security).toMatchObject({
      securityMode: MessageSecurityMode[securityMode],
      securityPolicy: SecurityPolicy[securityPolicy],
    });
    const value = await opened.session.read({ nodeId: 'i=2258', attributeId: 13 });
    expect(value.statusCode.name).toBe('Good');
  });

  it('is read with the strongest by default', async () => {
    await using opened = await open(server.endpoint);
    expect(opened.security).toMatchObject({
      securityMode: MessageSecurityMode.SignAndEncrypt,
      securityPolicy: SecurityPolicy.Aes256_Sha256_RsaPss,
    });
    expect(kinds()).toEqual(['own-certificate-new', 'server-certificate-new']);
    expect((await stat(join(pkiDir, 'own/private/private_key.pem'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(pkiDir, 'trusted/certs'))).toHaveLength(1);
  });

  it('is signed in to with user name and password, and says when they are wrong', async () => {
    const user = { username: 'operator', password: 'let-me-in' };
    await using opened = await open(server.endpoint, user);
    expect(opened.security.securityMode).toBe(MessageSecurityMode.SignAndEncrypt);
    await expect(open(server.endpoint, { ...user, password: 'wrong' })).rejects.toMatchObject({
      code: 'ENDPOINT_REFUSED',
      message: expect.stringContaining('user "operator": wrong user name or password'),
    });
  });
});
