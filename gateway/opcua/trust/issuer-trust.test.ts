import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateAuthority } from 'node-opcua-pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewaySide, temporaryFolder, type GatewaySide } from '../../../tests/support/gateway-side.ts';
import { startSecuredServer, type SecuredServer } from '../../../tests/support/secured-server.ts';
import { reject, trust } from '../../certificates.ts';
import { readCertificate } from './certificate-facts.ts';
import { hasTrustedIssuer } from './issuer-trust.ts';
import { toPem, trustCertificate } from './trust-store.ts';

const opened = new AsyncDisposableStack();
const pinned = { trustServerCertificate: 'pinned' } as const;
let folder = '';
let authority: CertificateAuthority;
let server: SecuredServer;
let issued: Buffer = Buffer.alloc(0);
let serial = 0;

beforeAll(async () => {
  folder = opened.use(await temporaryFolder('issuer')).path;
  authority = new CertificateAuthority({
    keySize: 2048,
    location: join(folder, 'authority'),
    subject: '/CN=plant authority/O=Joulegate',
    backend: 'native',
  });
  await authority.initialize();
  const made = await authority.generateKeyPairAndSignDER({
    applicationUri: 'urn:joulegate:test:server',
    subject: '/CN=issued server/O=Joulegate',
    dns: ['localhost'],
    validity: 100,
  });
  issued = made.certificateDer;
  const files = { certificateFile: join(folder, 'issued.pem'), privateKeyFile: join(folder, 'issued.key') };
  await writeFile(files.certificateFile, toPem(issued));
  await writeFile(files.privateKeyFile, pemOf(made.privateKey.hidden as string | KeyObject));
  server = opened.use(await startSecuredServer({ folder: join(folder, 'server'), more: files }));
});
afterAll(() => opened.disposeAsync());

const pemOf = (key: string | KeyObject): string =>
  (typeof key === 'string' ? createPrivateKey(key) : key).export({ type: 'pkcs8', format: 'pem' }).toString();

const newGateway = (): GatewaySide => gatewaySide(join(folder, `gateway-${(serial += 1)}`));
const untrusted = { code: 'CERTIFICATE_UNTRUSTED' };

async function trustAuthority({ pkiDir }: GatewaySide): Promise<void> {
  const file = join(folder, 'authority.der');
  await writeFile(file, authority.getCACertificateDER());
  expect(await trust(pkiDir, file, Date.now())).toMatchObject({ list: 'trusted', selfSigned: true });
}

describe('a server whose certificate an authority issued', () => {
  it('is refused until the authority is trusted, and then read without a word about the server itself', async () => {
    const gateway = newGateway();
    await expect(gateway.open(server.endpoint, pinned)).rejects.toMatchObject(untrusted);
    await trustAuthority(gateway);
    await using session = await gateway.open(server.endpoint, pinned);
    expect((await session.session.read({ nodeId: 'i=2258', attributeId: 13 })).statusCode.name).toBe('Good');
  });

  it('is refused when a person refuses it, although the authority is trusted', async () => {
    const gateway = newGateway();
    await expect(gateway.open(server.endpoint, pinned)).rejects.toMatchObject(untrusted);
    await trustAuthority(gateway);
    const { fingerprint } = readCertificate(issued);
    await reject(gateway.pkiDir, fingerprint, Date.now());
    await expect(gateway.open(server.endpoint, pinned)).rejects.toMatchObject(untrusted);
  });

  it('is refused once the authority has revoked it', async () => {
    const gateway = newGateway();
    await trustAuthority(gateway);
    await (await gateway.open(server.endpoint, pinned))[Symbol.asyncDispose]();
    await authority.revokeCertificateDER(issued);
    const lists = join(gateway.pkiDir, 'trusted', 'crl');
    await mkdir(lists, { recursive: true });
    await writeFile(join(lists, 'authority.crl'), authority.getCRLDER());
    await expect(gateway.open(server.endpoint, pinned)).rejects.toMatchObject(untrusted);
  });
});

describe('a certificate that the key of another trusted server signed', () => {
  it('is not trusted, because that server is no authority', async () => {
    const pkiDir = join(folder, 'leaf-as-authority');
    const fixtures = join(import.meta.dirname, '../../../tests/fixtures/leaf-as-authority');
    const leaf = await readFile(join(fixtures, 'leaf.pem'));
    const forged = new X509Certificate(await readFile(join(fixtures, 'forged.pem')));
    await trustCertificate(pkiDir, leaf);
    expect(forged.verify(new X509Certificate(leaf).publicKey)).toBe(true);
    expect(await hasTrustedIssuer(pkiDir, forged.raw)).toBe(false);
  });
});
