import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateEntry } from '../gateway/certificates.ts';
import { writeServerState } from '../gateway/opcua/trust/server-state.ts';
import { gatewaySide, makeCertificate, temporaryFolder, type GatewaySide } from '../tests/support/gateway-side.ts';
import { startSecuredServer, type SecuredServer } from '../tests/support/secured-server.ts';
import { commandFile } from './product.ts';

const opened = new AsyncDisposableStack();
let folder = '';
let gateway: GatewaySide;
let server: SecuredServer;
let message = '';

beforeAll(async () => {
  folder = opened.use(await temporaryFolder('cert')).path;
  server = opened.use(await startSecuredServer({ folder: join(folder, 'server') }));
  gateway = gatewaySide(join(folder, 'data'));
  message = await gateway.open(server.endpoint, { trustServerCertificate: 'pinned' }).then(
    () => 'it worked',
    (error: Error) => error.message,
  );
});
afterAll(() => opened.disposeAsync());

async function run(...args: string[]) {
  const child = spawn(process.execPath, [commandFile(), 'cert', ...args], { cwd: folder });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

const list = async (): Promise<readonly CertificateEntry[]> => {
  const { code, stdout } = await run('list', '--data', 'data', '--json');
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { certificates: CertificateEntry[] }).certificates;
};

describe('joulegate cert', () => {
  it.each(['list', 'show', 'trust', 'reject', 'accept-security', 'renew'])(
    'prints the help of %s with an example and exits 0',
    async (command) => {
      const { code, stdout } = await run(command, '--help');
      expect(code).toBe(0);
      expect(stdout).toContain(`Example:\n  joulegate cert ${command}`);
    },
  );

  it.each([
    { args: ['lst'], code: 2, says: "unknown command 'lst' (Did you mean list?)" },
    { args: ['trust'], code: 2, says: "missing required argument 'fingerprint|file'" },
    { args: ['list', '--data', 'nowhere'], code: 2, says: 'there is no data folder' },
    { args: ['trust', 'xyz', '--data', 'data'], code: 2, says: '"xyz" is no fingerprint' },
    {
      args: ['trust', 'abcdef012345', '--data', 'data'],
      code: 1,
      says: 'no certificate with fingerprint abcdef012345',
    },
    { args: ['reject', 'abcdef012345', '--data', 'data'], code: 1, says: 'no certificate with fingerprint' },
    { args: ['accept-security', 'press', '--data', 'data'], code: 1, says: 'no server "press" is known' },
    { args: ['accept-security', 'plc', '--data', 'data'], code: 1, says: 'nothing was changed' },
    { args: ['show', 'own', '--data', '.'], code: 1, says: 'the gateway makes it when it first connects' },
  ])('says one line and exits $code: joulegate cert $args', async ({ args, code, says }) => {
    const { stdout, stderr, ...ended } = await run(...args);
    expect(stderr).toMatch(/^joulegate: [^\n]+\n$/);
    expect(stderr).toContain(says);
    expect({ ...ended, stdout }).toEqual({ code, stdout: '' });
  });

  it('lists the own certificate and the refused one with its server, for people and for machines', async () => {
    expect(await list()).toMatchObject([
      { list: 'own', applicationUri: 'urn:joulegate:gateway:test', daysLeft: expect.any(Number) },
      { list: 'rejected', applicationUri: 'urn:joulegate:test:server', servers: ['plc'], keyBits: 2048 },
    ]);
    const { stdout } = await run('list', '--data', 'data');
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^own {7}[0-9a-f]{64} {2}\d{4}-\d\d-\d\d \(\d+ days left\) {2}.*CN=Joulegate gateway test/),
      expect.stringMatching(/^rejected {2}[0-9a-f]{64} {2}.* {2}shown by plc$/),
    ]);
  });

  it('shows what a person compares at the PLC', async () => {
    const { code, stdout } = await run('show', 'own', '--data', 'data');
    expect(code).toBe(0);
    expect(stdout).toMatch(/SHA-256 +([0-9A-F]{2}:){31}[0-9A-F]{2}\n/);
    expect(stdout).toMatch(/SHA-1 +([0-9A-F]{2}:){19}[0-9A-F]{2}\n/);
  });

  it('trusts by exactly the command that the refusal names, and the gateway connects', async () => {
    const words = /"joulegate cert ([^"]+)"/.exec(message)?.[1]?.split(' ') ?? [];
    expect(words[0]).toBe('trust');
    expect(await run(...words)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^trusted [0-9a-f]{64} /) });
    await using session = await gateway.open(server.endpoint, { trustServerCertificate: 'pinned' });
    expect((await session.session.read({ nodeId: 'i=2258', attributeId: 13 })).statusCode.name).toBe('Good');
    expect(await list()).toMatchObject([{ list: 'own' }, { list: 'trusted', servers: ['plc'] }]);
  });

  it('rejects what was trusted, but not the own certificate', async () => {
    const [own, trusted] = await list();
    const { code, stdout } = await run('reject', trusted?.fingerprint ?? '', '--data', 'data', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ list: 'rejected', fingerprint: trusted?.fingerprint });
    const refused = gateway.open(server.endpoint, { trustServerCertificate: 'pinned' });
    await expect(refused).rejects.toMatchObject({ code: 'CERTIFICATE_UNTRUSTED' });
    expect(await run('reject', own?.fingerprint ?? '', '--data', 'data')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is the gateway's own certificate"),
    });
  });

  it('trusts a file that a person brings, and says when it holds no certificate', async () => {
    const made = await makeCertificate(join(folder, 'made'), { applicationUri: 'urn:brought' });
    await rename(made.certificateFile, join(folder, 'brought.pem'));
    expect(await run('trust', 'brought.pem', '--data', 'data')).toMatchObject({ code: 0 });
    expect(await list()).toMatchObject([{}, { list: 'trusted', applicationUri: 'urn:brought' }, { list: 'rejected' }]);
    expect(await run('trust', made.privateKeyFile, '--data', 'data')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be read as X.509'),
    });
  });

  it('accepts weaker security once it was refused', async () => {
    const agreed = { mode: 'SignAndEncrypt', policy: 'Basic256Sha256' };
    await writeServerState(gateway.pkiDir, 'oven', { agreed, refusedSecurity: { ...agreed, mode: 'Sign' } });
    expect(await run('accept-security', 'oven', '--data', 'data')).toMatchObject({
      code: 0,
      stdout: 'server "oven" may from now on be read with Sign/Basic256Sha256\n',
    });
  });

  it('renews the own certificate and keeps the old one aside', async () => {
    const { code, stdout } = await run('renew', '--data', 'data');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^renewed: SHA-256 [0-9a-f]{64}, valid until/),
    });
    expect(await readdir(join(gateway.pkiDir, 'own/certs'))).toHaveLength(2);
  });
});
