import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificatePurpose, createSelfSignedCertificate, generateKeyPair, privateKeyToPEM } from 'node-opcua-crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, createPlant, silentLog, startTestApi, TOKEN } from '../../tests/support/api-plant.ts';
import { JoulegateError } from '../../broker/contract/error.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import type { ApiServer } from './server.ts';

let folder: string;
let store: EmbeddedStore;
let api: ApiServer;
const failures: object[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-server-'));
  store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  const consoleDir = join(folder, 'console');
  await mkdir(join(consoleDir, 'assets'), { recursive: true });
  await writeFile(join(consoleDir, 'index.html'), '<title>console</title>');
  await writeFile(join(consoleDir, 'assets', 'main-B7x9kQ2a.js'), 'export {};');
  await writeFile(join(consoleDir, '.secret'), 'secret');
  await writeFile(join(folder, 'outside.txt'), 'outside');
  api = await startTestApi({
    store,
    alerts: store,
    view: createPlant(store),
    consoleDir,
    log: { ...silentLog, error: (fields) => failures.push(fields) },
  });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const start = (options: Parameters<typeof startTestApi>[0] | object) =>
  startTestApi({ store, alerts: store, view: createPlant(store), ...options });
const codeOf = async (starting: Promise<ApiServer>) => {
  const error = await starting.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof JoulegateError)) throw new Error('expected a JoulegateError');
  return [error.code, error.message] as const;
};

describe('the server refuses to start', () => {
  it.each(['0.0.0.0', '::', '192.168.1.10', 'plant.example'])(
    'on %s without TLS, naming key and remedy',
    async (host) => {
      const [code, message] = await codeOf(start({ host }));
      expect(code).toBe('CONFIG_INVALID');
      expect(message).toContain('scoring.api.host');
      expect(message).toContain('scoring.api.tls');
    },
  );

  it('with TLS files that cannot be read', async () => {
    const tls = { certFile: join(folder, 'none.pem'), keyFile: join(folder, 'none.key') };
    const [code, message] = await codeOf(start({ tls }));
    expect(code).toBe('CONFIG_UNREADABLE');
    expect(message).toContain('scoring.api.tls.certFile');
  });

  it('open to this machine on an address of others', async () => {
    const tls = { certFile: 'cert.pem', keyFile: 'key.pem' };
    expect((await codeOf(start({ host: '0.0.0.0', tls, openLoopback: true })))[0]).toBe('CONFIG_INVALID');
  });

  it('on a busy port', async () => {
    const [code, message] = await codeOf(start({ port: api.port }));
    expect(code).toBe('PORT_IN_USE');
    expect(message).toContain(String(api.port));
  });
});

describe('with TLS', () => {
  it('the server is reached over https from other addresses too, with HSTS and a cookie that stays on https', async () => {
    const { privateKey } = await generateKeyPair(2048);
    const { cert } = await createSelfSignedCertificate({
      privateKey,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 3_600_000),
      subject: 'CN=localhost',
      dns: ['localhost'],
      ip: ['127.0.0.1'],
      applicationUri: 'urn:joulegate:test',
      purpose: CertificatePurpose.ForApplication,
    });
    const tls = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
    await writeFile(tls.certFile, cert);
    await writeFile(tls.keyFile, (await privateKeyToPEM(privateKey)).privPem);
    await using secure = await start({ host: '0.0.0.0', openLoopback: false, tls });
    expect(secure.url).toBe(`https://0.0.0.0:${secure.port}`);
    const call = httpsRequest({
      host: '127.0.0.1',
      port: secure.port,
      path: '/api/v1/session',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      rejectUnauthorized: false,
      agent: false,
    });
    call.end(JSON.stringify({ token: TOKEN }));
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(204);
    expect(response.headers['strict-transport-security']).toContain('max-age=');
    expect(response.headers['set-cookie']?.[0]).toContain('Secure');
  });
});

describe('every answer', () => {
  it.each([
    ['/', 200],
    ['/api/v1/health', 200],
    ['/api/v1/none', 404],
    ['/api/v1/energy?window=x', 400],
    ['/%zz', 400],
  ])('carries the security headers: %s', async (path, status) => {
    const { headers, status: answered } = await ask(api, path);
    expect(answered).toBe(status);
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['cache-control']).toBe(path === '/' ? 'no-cache' : 'no-store');
  });

  it('to a failure of ours gives a request number and nothing of the inside', async () => {
    const broken = {
      ...createPlant(store),
      targets: async () => Promise.reject(new Error('password=hunter2 at /srv/x.ts')),
    };
    const log = { ...silentLog, error: (fields: object) => failures.push(fields) };
    await using failing = await start({ view: broken, log });
    const { status, text } = await ask(failing, '/api/v1/target');
    expect(status).toBe(500);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('/srv');
    expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL', detail: expect.stringMatching(/request req-/) });
    expect(failures.at(-1)).toMatchObject({ error: 'password=hunter2 at /srv/x.ts', requestId: expect.any(String) });
  });
});

describe('hostile paths', () => {
  it.each([
    '/..%2f..%2fetc/passwd',
    '/../../etc/passwd',
    '/assets/..%2f..%2foutside.txt',
    '/%00',
    '//etc/passwd',
    '/.secret',
    '/API/V1/HEALTH',
    '/api/v1/../v1/none',
    `/${'a'.repeat(8000)}`,
    '/%zz',
    '/api/v1/alerts/..%2f..%2fx/acknowledge',
    '/__proto__',
  ])('%s gives no file and no answer of the API', async (path) => {
    const answer = await ask(api, path);
    expect([400, 403, 404, 414]).toContain(answer.status);
    expect(answer.text).not.toMatch(/root:|outside|secret/);
    expect(answer.text).not.toContain(folder);
  });
});

describe('the console', () => {
  it('is served with its hashed assets cached for ever and the page never', async () => {
    const page = await ask(api, '/');
    expect(page.text).toContain('<title>console</title>');
    expect(page.headers['cache-control']).toBe('no-cache');
    const asset = await ask(api, '/assets/main-B7x9kQ2a.js');
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(asset.headers['content-type']).toContain('javascript');
  });

  it('that is not built is replaced by a page that says how to build it', async () => {
    for (const consoleDir of [null, join(folder, 'nowhere')]) {
      await using bare = await start({ consoleDir });
      const { status, text, headers } = await ask(bare, '/');
      expect(status).toBe(200);
      expect(headers['content-type']).toContain('text/html');
      expect(text).toContain('npm run build:console');
    }
  });
});

describe('closing', () => {
  it('does not wait for sockets that are kept open, and may be called twice', async () => {
    const closing = await start({});
    const socket = connect(closing.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1:${closing.port}\r\n`);
    const ended = new Promise((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => socket.on('connect', resolve));
    await closing[Symbol.asyncDispose]();
    await closing[Symbol.asyncDispose]();
    await ended;
    await expect(ask(closing, '/healthz')).rejects.toThrow('ECONNREFUSED');
  });

  it('does not wait out a delayed refusal', async () => {
    const closing = await start({ openLoopback: false });
    const guesses = Array.from({ length: 8 }, () =>
      ask(closing, '/api/v1/health', { headers: { authorization: `Bearer not-${TOKEN}` } }).catch(() => null),
    );
    await guesses[0];
    await closing[Symbol.asyncDispose]();
    const answers = await Promise.all(guesses);
    expect(answers.every((answer) => answer === null || answer.status === 401 || answer.status === 503)).toBe(true);
  });
});
