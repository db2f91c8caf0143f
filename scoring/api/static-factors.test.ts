import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, createPlant, PRESS, startTestApi, TOKEN } from '../../tests/support/api-plant.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import { StaticFactorLog } from '../store/static-factor-log.ts';
import type { TargetAnswer } from './schemas.ts';
import type { ApiServer } from './server.ts';

let folder: string;
let store: EmbeddedStore;
let api: ApiServer;
const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
const change = {
  path: PRESS,
  from: '2026-03-01',
  factor: 'shifts per week',
  before: '15',
  after: '18',
  reason: 'third shift on Saturdays',
};
const post = (body: unknown, sent: Record<string, string> = headers) =>
  ask(api, '/api/v1/static-factors', { method: 'POST', headers: sent, body: JSON.stringify(body) });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-static-factors-'));
  store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  const staticFactors = new StaticFactorLog(join(folder, 'static-factors.jsonl'));
  api = await startTestApi({ store, alerts: store, view: createPlant(store), staticFactors });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

it('a change is kept with who and when, only ever added to, and stands beside the baseline', async () => {
  const first = await post({ items: [change] });
  expect([first.status, first.text.slice(0, 200)]).toEqual([200, first.text.slice(0, 200)]);
  const later = { ...change, path: '', factor: 'heating', before: 'gas', after: 'heat pump' };
  expect((await post({ items: [later] })).status).toBe(200);
  const items = (JSON.parse((await ask(api, '/api/v1/static-factors')).text) as { items: unknown[] }).items;
  expect(items).toEqual([
    { ...change, by: 'token', at: '2026-11-23T12:34:56+08:00' },
    { ...later, by: 'token', at: '2026-11-23T12:34:56+08:00' },
  ]);
  const [target] = (JSON.parse((await ask(api, '/api/v1/target')).text) as TargetAnswer).items;
  expect(target?.staticFactors).toEqual(items);
  expect((await readFile(join(folder, 'static-factors.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(2);
});

it('an entry for nothing that exists, without a day or by nobody is refused, and none of its batch is kept', async () => {
  const before = (await ask(api, '/api/v1/static-factors')).text;
  const unknown = await post({ items: [change, { ...change, path: 'stamping/press-lin' }] });
  expect(unknown.status).toBe(404);
  expect(unknown.text).toContain('stamping/press-line');
  expect((await post({ items: [{ ...change, from: '2026-02-30' }] })).status).toBe(400);
  expect((await post({ items: [{ ...change, reason: '' }] })).status).toBe(400);
  expect((await post({ items: [change] }, { 'content-type': 'application/json' })).status).toBe(401);
  expect((await ask(api, '/api/v1/static-factors')).text).toBe(before);
});

it('the meter-fit rate names the machine that lacks its meter', async () => {
  const { items } = JSON.parse((await ask(api, '/api/v1/meter-fit')).text) as { items: unknown[] };
  expect(items[2]).toEqual({
    level: 'main-equipment',
    required: 2,
    fitted: 1,
    requiredRate: 0.95,
    rate: 0.5,
    meets: false,
    missing: ['stamping/press-line/press-2'],
    unknown: [],
  });
});
