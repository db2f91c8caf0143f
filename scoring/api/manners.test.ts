import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  alertOf,
  ask,
  createPlant,
  HOUR_MS,
  hourWindow,
  NOW,
  PRESS,
  startTestApi,
} from '../../tests/support/api-plant.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import { isKnown } from './plugins/etag.ts';
import type { AlertAnswer, AnomalyAnswer, EnergyAnswer, HealthAnswer } from './schemas.ts';
import type { ApiServer } from './server.ts';

let folder: string;
let store: EmbeddedStore;
let api: ApiServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-manners-'));
  store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  const episode = (index: number) => ({
    id: `episode-${index}`,
    path: PRESS,
    // Three begin at the same instant: only the id tells them apart.
    from: NOW - HOUR_MS * Math.floor(1 + index / 3),
    to: NOW,
    peakScore: 0.998,
    peakAt: NOW - 1000,
    context: 'run',
    model: '=cmd|x',
    contributions: [{ tag: 'vibration', share: 0.7, value: 6.1, expected: 2.5 }],
  });
  await store.write({
    windows: [hourWindow(2), hourWindow(1, { energyKwh: 10, output: 0 })],
    scores: [],
    episodes: Array.from({ length: 10 }, (_, index) => episode(index)),
    checkpoints: [],
  });
  for (let index = 0; index < 7; index += 1)
    await store.save(alertOf(`alert-${index}`, { last: NOW - 1000 * Math.floor(index / 2) }));
  api = await startTestApi({ store, alerts: store, view: createPlant(store) });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const json = async <Value>(path: string): Promise<Value> => JSON.parse((await ask(api, path)).text) as Value;

describe('CSV by Accept', () => {
  it('gives the windows of the JSON answer, unknown as an empty field', async () => {
    const path = `/api/v1/energy?path=${PRESS}`;
    const answer = await ask(api, path, { headers: { accept: 'text/csv' } });
    expect([answer.headers['content-type'], answer.headers.vary]).toEqual(['text/csv; charset=utf-8', 'accept']);
    const rows = parse<Record<string, string>>(answer.text, { columns: true });
    const { points } = await json<EnergyAnswer>(path);
    expect(rows.map(({ start, energy_kwh, kwh_per_eq, reason }) => [start, energy_kwh, kwh_per_eq, reason])).toEqual(
      points.map(({ start, energyKwh, sec, reason }) => [
        start,
        String(energyKwh),
        sec === null ? '' : String(sec),
        reason ?? '',
      ]),
    );
    expect(rows[1]).toMatchObject({ kwh_per_eq: '', reason: 'no-output' });
  });

  it.each([
    ['text/csv;q=0.1, application/json', 'application/json'],
    ['application/json;q=0.1, text/csv', 'text/csv'],
    ['*/*', 'application/json'],
  ])('follows what the reader weighs more: %s', async (accept, type) => {
    const answer = await ask(api, `/api/v1/breakdown?by=day&path=${PRESS}`, { headers: { accept } });
    expect(answer.headers['content-type']).toContain(type);
  });

  it('holds no formula', async () => {
    const answer = await ask(api, '/api/v1/anomalies', { headers: { accept: 'text/csv' } });
    expect(answer.text).toContain("'=cmd|x");
  });

  it('is a problem in JSON when the question is wrong', async () => {
    const answer = await ask(api, '/api/v1/energy?window=2h', { headers: { accept: 'text/csv' } });
    expect([answer.status, answer.headers['content-type']]).toEqual([400, 'application/problem+json']);
  });
});

describe('pages of a list', () => {
  it.each([
    ['/api/v1/anomalies?', 10, [1, 3, 4, 10, 11]],
    ['/api/v1/alerts?', 7, [1, 2, 3, 7, 8]],
  ])('of %s hold every row once, in order, whatever their length', async (path, total, lengths) => {
    const all = await json<AnomalyAnswer | AlertAnswer>(`${path}limit=1000`);
    const wanted = all.items.map(({ id }) => id);
    expect([wanted.length, all.next]).toEqual([total, null]);
    for (const limit of lengths) {
      const seen: string[] = [];
      for (let cursor = ''; ;) {
        const page = await json<AnomalyAnswer | AlertAnswer>(`${path}limit=${limit}${cursor}`);
        seen.push(...page.items.map(({ id }) => id));
        if (page.next === null) break;
        cursor = `&cursor=${page.next}`;
      }
      expect(seen).toEqual(wanted);
    }
  });

  it('refuse a cursor that is none', async () => {
    const answer = await ask(api, '/api/v1/alerts?cursor=nonsense', { headers: { 'accept-language': 'zh' } });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      400,
      { code: 'QUERY_INVALID', title: '查询参数无效' },
    ]);
  });
});

describe('ETag', () => {
  it('spares a reader what it has, until the data change', async () => {
    const path = `/api/v1/account?path=${PRESS}&from=2026-11-23&to=2026-11-24`;
    const first = await ask(api, path);
    const { etag = '' } = first.headers;
    expect([etag.startsWith('W/"'), first.headers['cache-control']]).toEqual([true, 'private, no-cache']);
    const again = await ask(api, path, { headers: { 'if-none-match': `"other", ${etag}` } });
    expect([again.status, again.text, again.headers['content-type'], again.headers.etag]).toEqual([
      304,
      '',
      undefined,
      etag,
    ]);
    await store.write({ windows: [hourWindow(3)], scores: [], episodes: [], checkpoints: [] });
    expect((await ask(api, path, { headers: { 'if-none-match': etag } })).status).toBe(200);
  });

  it('stands on no live answer and on no refusal', async () => {
    expect((await ask(api, '/api/v1/equipment')).headers.etag).toBeUndefined();
    expect((await ask(api, '/api/v1/account?path=nowhere')).headers.etag).toBeUndefined();
  });

  it('is compared weakly and as a list', () => {
    expect(isKnown('W/"a"', '"a"')).toBe(true);
    expect(isKnown('"a"', '"b" , W/"a"')).toBe(true);
    expect(isKnown('"a"', '*')).toBe(true);
    expect(isKnown('"a"', '"b"')).toBe(false);
    expect(isKnown('"a"', undefined)).toBe(false);
  });
});

describe('the rate limit', () => {
  it('answers 429 as a problem with the time to wait, and says before what is left', async () => {
    await using strict = await startTestApi({ store, alerts: store, view: createPlant(store), requestsPerMinute: 3 });
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await ask(strict, '/api/v1/health')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const refused = await ask(strict, '/api/v1/equipment', { headers: { 'accept-language': 'zh-CN' } });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'TOO_MANY_REQUESTS', title: '请求过多', status: 429 });
    expect(Number((await ask(api, '/api/v1/health')).headers['ratelimit-remaining'])).toBeGreaterThan(1000);
  });
});

describe('instants', () => {
  it('of health are ISO 8601 with the offset of the plant, whatever a service has sent', async () => {
    const plant = createPlant(store);
    const { services, ...health } = plant.health();
    await using strange = await startTestApi({
      store,
      alerts: store,
      view: {
        ...plant,
        health: () => ({ ...health, services: services.map((one) => ({ ...one, at: Number.MAX_SAFE_INTEGER })) }),
      },
    });
    const answer = JSON.parse((await ask(strange, '/api/v1/health')).text) as HealthAnswer;
    expect(answer.problems[0]?.since).toBe('2026-11-23T12:34:56+08:00');
    expect(answer.services[0]?.at).toBe('9999-12-30T08:00:00+08:00');
  });
});
