import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertOf, ask, createPlant, NOW, startTestApi, TOKEN, type Answer } from '../../tests/support/api-plant.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import type { SignInRefusal } from './options.ts';
import type { ApiServer } from './server.ts';
import { createSessions, sameSecret } from './sessions.ts';
import { createSignInDelay } from './sign-in-delay.ts';

let folder: string;
let store: EmbeddedStore;
let open: ApiServer;
let closed: ApiServer;
const refusals: SignInRefusal[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-access-'));
  store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  await store.save(alertOf('alert-1'));
  const parts = {
    store,
    alerts: store,
    view: createPlant(store),
    onSignInRefused: (one: SignInRefusal) => refusals.push(one),
  };
  open = await startTestApi({ ...parts, openLoopback: true });
  closed = await startTestApi({ ...parts, openLoopback: false });
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await closed[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const json = { 'content-type': 'application/json' };
const bearer = { authorization: `Bearer ${TOKEN}` };
const fromConsole = { ...json, 'x-joulegate': 'console' };
const signIn = (api: ApiServer, token: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(api, '/api/v1/session', { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify({ token }) });
const cookieOf = (answer: Answer): string => (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';

describe('who may read what', () => {
  const guarded = [
    '/api/v1/health',
    '/api/v1/equipment',
    '/api/v1/energy',
    '/api/v1/anomalies',
    '/api/v1/alerts',
    '/api/v1/target',
    '/metrics',
  ];
  const cases = guarded.flatMap((path) => [
    [path, 'nothing, open to this machine', 200] as const,
    [path, 'nothing, closed', 401] as const,
    [path, 'wrong token', 401] as const,
    [path, 'token', 200] as const,
    [path, 'cookie', 200] as const,
    [path, 'made-up cookie', 401] as const,
    [path, 'foreign host', 401] as const,
    [path, 'foreign host with token', 200] as const,
  ]);

  it.each(cases)('%s with %s answers %i', async (path, credential, status) => {
    const ways = {
      'nothing, open to this machine': () => ask(open, path),
      'nothing, closed': () => ask(closed, path),
      'wrong token': () => ask(closed, path, { headers: { authorization: 'Bearer wrong' } }),
      token: () => ask(closed, path, { headers: bearer }),
      cookie: async () => ask(closed, path, { headers: { cookie: cookieOf(await signIn(closed, TOKEN)) } }),
      'made-up cookie': () => ask(closed, path, { headers: { cookie: 'joulegate_session=made-up' } }),
      'foreign host': () => ask(open, path, { headers: { host: `evil.example:${open.port}` } }),
      'foreign host with token': () => ask(closed, path, { headers: { ...bearer, host: 'plant.example' } }),
    };
    const answer = await ways[credential]();
    expect(answer.status).toBe(status);
    expect(answer.text.includes('"code":"SIGN_IN_REQUIRED"')).toBe(status === 401);
  });

  it('lets live events only to those who may read', async () => {
    expect((await ask(closed, '/api/v1/events')).status).toBe(401);
  });

  it('shows the OpenAPI document on this machine, and elsewhere only after sign-in', async () => {
    expect((await ask(closed, '/openapi.json')).status).toBe(200);
    expect((await ask(closed, '/openapi.json', { headers: { host: 'evil.example' } })).status).toBe(401);
  });

  it.each(['/healthz', '/readyz', '/'])('%s is open', async (path) => {
    expect((await ask(closed, path, { headers: { host: 'anything' } })).status).toBe(200);
  });

  it.each([
    ['127.0.0.1', 200],
    ['localhost', 200],
    ['[::1]', 200],
    ['LOCALHOST', 200],
    ['127.0.0.1.evil.example', 401],
    ['localhost.', 401],
  ])('takes the host name %s for this machine: %i', async (name, status) => {
    expect((await ask(open, '/api/v1/health', { headers: { host: `${name}:${open.port}` } })).status).toBe(status);
  });

  it('does not take another port of this machine for ours', async () => {
    expect((await ask(open, '/api/v1/health', { headers: { host: '127.0.0.1:1' } })).status).toBe(401);
  });
});

describe('who may acknowledge', () => {
  const acknowledge = (api: ApiServer, headers: Record<string, string>) =>
    ask(api, '/api/v1/alerts/alert-1/acknowledge', {
      method: 'POST',
      headers,
      ...(headers['content-type'] === undefined ? {} : { body: '{}' }),
    });

  it.each([
    ['the console on this machine', fromConsole, 200],
    ['the console, fetched from its own page', { ...fromConsole, 'sec-fetch-site': 'same-origin' }, 200],
    ['nothing', {}, 401],
    ['no header of the console', json, 401],
    ['a form of another site', { 'content-type': 'text/plain', 'x-joulegate': 'console' }, 401],
    ['another origin', { ...fromConsole, origin: 'http://evil.example' }, 401],
    ['an opaque origin', { ...fromConsole, origin: 'null' }, 401],
    ['another site', { ...fromConsole, 'sec-fetch-site': 'cross-site' }, 401],
    ['a rebound host name', { ...fromConsole, host: 'evil.example' }, 401],
  ])('%s: %o answers %i', async (_who, headers, status) => {
    expect((await acknowledge(open, headers)).status).toBe(status);
  });

  it('asks for a sign-in when this machine is not open', async () => {
    expect((await acknowledge(closed, fromConsole)).status).toBe(401);
    expect((await acknowledge(closed, bearer)).status).toBe(200);
  });

  it('keeps a session from being used by another site', async () => {
    const cookie = cookieOf(await signIn(closed, TOKEN));
    expect((await acknowledge(closed, { cookie, ...fromConsole })).status).toBe(200);
    expect((await acknowledge(closed, { cookie, ...fromConsole, origin: 'http://evil.example' })).status).toBe(401);
    expect((await acknowledge(closed, { cookie, ...json })).status).toBe(401);
  });
});

describe('a session', () => {
  it('is a cookie that scripts cannot read and other sites do not send', async () => {
    const answer = await signIn(closed, TOKEN);
    expect(answer.status).toBe(204);
    const cookie = answer.headers['set-cookie']?.[0] ?? '';
    expect(cookie).toMatch(/^joulegate_session=[\w-]{43}; /);
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Strict');
    expect(cookie).toContain('Path=/');
  });

  it('ends with sign-out, also when the cookie is kept', async () => {
    const cookie = cookieOf(await signIn(closed, TOKEN));
    expect((await ask(closed, '/api/v1/session', { method: 'DELETE', headers: { cookie } })).status).toBe(204);
    expect((await ask(closed, '/api/v1/health', { headers: { cookie } })).status).toBe(401);
  });

  it('is renewed by a second sign-in, and the first id is dead', async () => {
    const first = cookieOf(await signIn(closed, TOKEN));
    const second = cookieOf(await signIn(closed, TOKEN, { cookie: first }));
    expect(second).not.toBe(first);
    expect((await ask(closed, '/api/v1/health', { headers: { cookie: first } })).status).toBe(401);
  });

  it('is not opened with a wrong token or from another site, and the refusal is reported', async () => {
    refusals.length = 0;
    expect((await signIn(closed, 'wrong')).status).toBe(401);
    expect(refusals).toEqual([{ at: NOW, address: '127.0.0.1', message: 'wrong API token at sign-in' }]);
    expect((await signIn(closed, TOKEN, { origin: 'http://evil.example' })).status).toBe(401);
  });

  it.each([
    ['text/plain', 415, '{"token":"x"}'],
    ['application/json', 400, '{"token":'],
    ['application/json', 400, '{"token":5}'],
    ['application/json', 400, '{"token":"x","role":"admin"}'],
    ['application/json', 400, '{"token":"x","__proto__":{"isAdmin":true}}'],
    ['application/json', 413, JSON.stringify({ token: 'x'.repeat(300_000) })],
  ])('is not opened with a %s body (%i)', async (type, status, body) => {
    const answer = await ask(closed, '/api/v1/session', { method: 'POST', headers: { 'content-type': type }, body });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'PAYLOAD_INVALID' });
  });

  it('ends after 15 minutes without use and after 12 hours in any case', () => {
    const clock = { at: 0 };
    const sessions = createSessions(() => clock.at);
    const minutes = (count: number) => count * 60_000;
    const idle = sessions.open();
    clock.at = minutes(14);
    expect(sessions.use(idle)).toBe(true);
    clock.at = minutes(29);
    expect(sessions.use(idle)).toBe(false);
    const busy = sessions.open();
    const uses = Array.from({ length: 72 }, () => {
      clock.at += minutes(10);
      return sessions.use(busy);
    });
    expect(uses.indexOf(false)).toBe(71);
  });
});

describe('guessing', () => {
  it('is answered slower each time, and forgotten after five quiet minutes', () => {
    const clock = { at: 0 };
    const delay = createSignInDelay(() => clock.at);
    const waits = Array.from({ length: 7 }, () => delay.refused('10.0.0.9'));
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3000, 3000]);
    expect(delay.refused('10.0.0.8')).toBe(100);
    clock.at = 300_000;
    expect(delay.refused('10.0.0.9')).toBe(100);
  });

  it('compares secrets of any length', () => {
    expect(sameSecret('', TOKEN)).toBe(false);
    expect(sameSecret(`${TOKEN}x`, TOKEN)).toBe(false);
    expect(sameSecret(TOKEN, TOKEN)).toBe(true);
  });
});
