import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
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
  TOKEN,
  type Answer,
} from '../../tests/support/api-plant.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import {
  AlertAnswer,
  AlertView,
  AnomalyAnswer,
  EnergyAnswer,
  EquipmentAnswer,
  HealthAnswer,
  ProblemDetails,
  TargetAnswer,
} from './schemas.ts';
import { CoverageAnswer, HistoryAnswer } from './security-schemas.ts';
import type { ApiServer } from './server.ts';

let folder: string;
let store: EmbeddedStore;
let api: ApiServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-api-'));
  store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  const episode = {
    id: 'episode-1',
    path: PRESS,
    from: NOW - HOUR_MS,
    to: null,
    peakScore: 0.998,
    peakAt: NOW - 1000,
    context: 'run',
    model: 'pca-1',
    contributions: [{ tag: 'vibration', share: 0.7, value: 6.1, expected: 2.5 }],
  };
  const score = {
    path: PRESS,
    at: NOW - 60_000,
    score: 0.97,
    context: 'run',
    alarm: true,
    model: 'pca-1',
    contributions: [],
  };
  await store.write({
    windows: [
      hourWindow(2),
      hourWindow(1, { energyKwh: 10, output: 10 }),
      hourWindow(0, { energyKwh: 2, output: 0, idleKwh: 2, runMs: 0, idleMs: HOUR_MS / 2, coveredMs: 0.9 * HOUR_MS }),
    ],
    scores: [score, { ...score, at: NOW - 120_000, score: null, reason: 'transition', alarm: false }],
    episodes: [episode],
    checkpoints: [],
  });
  await store.save(alertOf('alert-1', { technique: { id: 'T0829', name: 'Loss of View' } }));
  await store.save(alertOf('alert-2', { review: 'closed', last: NOW - 9000 }));
  api = await startTestApi({ store, alerts: store, view: createPlant(store) });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const errorsOf = (schema: TSchema, { text }: Answer): unknown => [...Compile(schema).Errors(JSON.parse(text))];
const problemOf = (answer: Answer): ProblemDetails => {
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(errorsOf(ProblemDetails, answer)).toEqual([]);
  return JSON.parse(answer.text) as ProblemDetails;
};

describe('answers keep their schema', () => {
  it.each<[string, TSchema]>([
    ['/api/v1/health', HealthAnswer],
    ['/api/v1/equipment', EquipmentAnswer],
    [`/api/v1/energy?path=${PRESS}`, EnergyAnswer],
    ['/api/v1/energy?window=1d', EnergyAnswer],
    ['/api/v1/anomalies', AnomalyAnswer],
    [`/api/v1/anomalies?path=${PRESS}`, AnomalyAnswer],
    ['/api/v1/alerts', AlertAnswer],
    ['/api/v1/alerts?open=true&limit=1', AlertAnswer],
    ['/api/v1/target', TargetAnswer],
  ])('%s', async (path, schema) => {
    const answer = await ask(api, path);
    expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, answer.text.slice(0, 300)]);
    expect(errorsOf(schema, answer)).toEqual([]);
  });
});

describe('energy', () => {
  const energy = async (query: string) => JSON.parse((await ask(api, `/api/v1/energy?${query}`)).text) as EnergyAnswer;

  it('gives the last 24 windows by default, with instants in the plant time zone', async () => {
    const answer = await energy(`path=${PRESS}`);
    expect(answer).toMatchObject({ from: '2026-11-22T12:34:56+08:00', to: '2026-11-23T12:34:56+08:00', window: '1h' });
    expect(answer.points.map((point) => point.start)).toEqual([
      '2026-11-23T10:00:00+08:00',
      '2026-11-23T11:00:00+08:00',
      '2026-11-23T12:00:00+08:00',
    ]);
  });

  it('makes the total as ratio of sums', async () => {
    const { totals, points } = await energy(`path=${PRESS}&to=2026-11-23T12:00:00%2B08:00`);
    expect(points.map((point) => point.sec)).toEqual([0.25, 1]);
    expect(totals).toMatchObject({ energyKwh: 20, output: 50, sec: 0.4, class: 'A', reason: null });
  });

  it('is given in standard coal on both bases, with the factor set; unknown is null with a reason', async () => {
    const { standardCoal, points } = await energy(`path=${PRESS}&to=2026-11-23T12:00:00%2B08:00`);
    expect(standardCoal).toEqual({
      calorific: {
        kgce: 2.458,
        kgcePerOutput: 0.04916,
        reason: null,
        factorSets: [{ id: 'gbt-2589-2020', edition: '2020' }],
        source: 'appendix A 电力（当量值）',
      },
      equivalent: {
        kgce: null,
        kgcePerOutput: null,
        reason: expect.stringContaining('scoring.energy.electricityEquivalent'),
        factorSets: [],
        source: null,
      },
    });
    expect(points.map(({ kgceCalorific, kgceEquivalent }) => [kgceCalorific, kgceEquivalent])).toEqual([
      [1.229, null],
      [1.229, null],
    ]);
    const none = await energy('path=stamping/press-line/press-2');
    expect(none.standardCoal.calorific).toMatchObject({ kgce: null, reason: 'nothing was measured' });
  });

  it('says why a window has no intensity', async () => {
    const { points } = await energy(`path=${PRESS}`);
    expect(points.at(-1)).toMatchObject({ sec: null, reason: 'no-output', energyKwh: 2, idleShare: 1, state: 'open' });
    expect(points.at(-1)?.class).toBe('C');
  });

  it('has no figure where nothing was measured', async () => {
    const { totals, points } = await energy('path=stamping/press-line/press-2');
    expect(points).toEqual([]);
    expect(totals).toMatchObject({ energyKwh: null, output: null, sec: null, reason: 'no-data', coverage: null });
  });

  it('takes a date as start of the local day, and a plus sign that was not encoded', async () => {
    expect(await energy(`path=${PRESS}&from=2026-11-22&to=2026-11-23`)).toMatchObject({
      from: '2026-11-22T00:00:00+08:00',
      to: '2026-11-23T00:00:00+08:00',
    });
    expect(await energy(`path=${PRESS}&from=2026-11-23T08:00:00+08:00`)).toMatchObject({
      from: '2026-11-23T08:00:00+08:00',
    });
  });
});

describe('a bad query is refused with the parameter and what is allowed', () => {
  it.each([
    ['/api/v1/energy?window=2h', 'window', '1m, 15m, 1h, 1d'],
    ['/api/v1/energy?widow=1h', 'widow', 'path, from, to, window'],
    ['/api/v1/energy?from=yesterday', 'from', 'Asia/Shanghai'],
    ['/api/v1/energy?from=2026-11-23T08:00', 'from', 'with offset'],
    ['/api/v1/energy?to=9999-01-01', 'to', 'ISO 8601'],
    ['/api/v1/energy?from=2026-11-23&to=2026-11-22', 'from', 'before'],
    ['/api/v1/energy?from=2026-13-45', 'from', 'ISO 8601'],
    ['/api/v1/energy?window=1m&from=2016-01-01', 'window', '100000'],
    ['/api/v1/energy?window=1h&window=1d', 'window', '1m, 15m, 1h, 1d'],
    ['/api/v1/alerts?limit=-5', 'limit', '1 to 1000'],
    ['/api/v1/alerts?limit=1e9', 'limit', '1 to 1000'],
    ['/api/v1/alerts?open=perhaps', 'open', 'true, false'],
    ['/api/v1/alerts?__proto__=1', '__proto__', 'limit'],
    ["/api/v1/alerts?limit='%20OR%201=1%20--", 'limit', '1 to 1000'],
  ])('%s', async (path, parameter, hint) => {
    const answer = await ask(api, path);
    expect(answer.status).toBe(400);
    const problem = problemOf(answer);
    expect(problem).toMatchObject({ code: 'QUERY_INVALID', status: 400 });
    expect(problem.detail).toContain(`"${parameter}"`);
    expect(problem.detail).toContain(hint);
  });

  it('names the closest equipment when a path does not exist', async () => {
    const answer = await ask(api, '/api/v1/energy?path=stamping/press-line/pres-1');
    expect(answer.status).toBe(404);
    expect(problemOf(answer).detail).toContain(`did you mean "${PRESS}"`);
  });

  it('answers in Chinese when the reader prefers it', async () => {
    const headers = { 'accept-language': 'en;q=0.4, zh-CN, zh;q=0.9' };
    const answer = await ask(api, '/api/v1/energy?window=2h', { headers });
    expect(answer.headers['content-language']).toBe('zh');
    expect(problemOf(answer)).toMatchObject({ title: '查询参数无效', detail: expect.stringContaining('可用值') });
    expect(problemOf(await ask(api, '/api/v1/energy?path=x', { headers }))).toMatchObject({ title: '未找到' });
    expect(problemOf(await ask(api, '/api/v2/none', { headers })).detail).toContain('没有此路由');
  });
});

describe('alerts', () => {
  const list = async (query: string) => JSON.parse((await ask(api, `/api/v1/alerts${query}`)).text) as AlertAnswer;

  it('are listed newest first and by review', async () => {
    expect((await list('')).items.map((item) => item.id)).toEqual(['alert-1', 'alert-2']);
    expect((await list('?open=true')).items.map((item) => item.id)).toEqual(['alert-1']);
  });

  it('are acknowledged with the way the person came in', async () => {
    const answer = await ask(api, '/api/v1/alerts/alert-1/acknowledge', {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(answer.status).toBe(200);
    expect(errorsOf(AlertView, answer)).toEqual([]);
    expect(JSON.parse(answer.text)).toMatchObject({ review: 'acknowledged', acknowledgedBy: 'token' });
    expect(answer.text).not.toContain('"key"');
  });

  const review = (body: object) =>
    ask(api, '/api/v1/alerts/alert-1/review', {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('are reviewed; what lacks a reason, asks too much or comes too late is refused', async () => {
    expect((await review({ action: 'shelve', reason: 'x', hours: 87_600 })).status).toBe(400);
    expect((await review({ action: 'close', disposition: 'test' })).status).toBe(400);
    expect((await review({ action: 'acknowledge', role: 'administrator' })).status).toBe(400);
    expect((await review({ action: 'comment', reason: 'x', version: 99 })).status).toBe(409);
    const answer = await review({ action: 'assign', assignee: 'wang' });
    expect(errorsOf(AlertView, answer)).toEqual([]);
    expect(JSON.parse(answer.text)).toMatchObject({ assignee: 'wang' });
  });

  it('have a history, and the rules a coverage with a self-test', async () => {
    const history = await ask(api, '/api/v1/alerts/alert-1/history');
    expect(errorsOf(HistoryAnswer, history)).toEqual([]);
    expect((await ask(api, '/api/v1/alerts/none/history')).status).toBe(404);
    const covered = await ask(api, '/api/v1/coverage');
    expect(errorsOf(CoverageAnswer, covered)).toEqual([]);
    expect(covered.text).not.toContain('"triggered":false');
  });

  it('that do not exist are not found', async () => {
    const answer = await ask(api, '/api/v1/alerts/none/acknowledge', {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(problemOf(answer)).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });
});

describe('the OpenAPI document', () => {
  it('is 3.1 and lists every route with its parameters and schemas', async () => {
    const document = JSON.parse((await ask(api, '/openapi.json')).text) as {
      openapi: string;
      paths: Record<string, Record<string, { parameters?: { name: string }[]; responses: Record<string, unknown> }>>;
    };
    expect(document.openapi).toBe('3.1.0');
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.toSorted()).toEqual([
      'DELETE /api/v1/session',
      'GET /api/v1/account',
      'GET /api/v1/alerts',
      'GET /api/v1/alerts/{id}/history',
      'GET /api/v1/allocation',
      'GET /api/v1/anomalies',
      'GET /api/v1/baseline',
      'GET /api/v1/breakdown',
      'GET /api/v1/coverage',
      'GET /api/v1/data-quality',
      'GET /api/v1/energy',
      'GET /api/v1/equipment',
      'GET /api/v1/events',
      'GET /api/v1/flow',
      'GET /api/v1/health',
      'GET /api/v1/intensity',
      'GET /api/v1/meter-fit',
      'GET /api/v1/models',
      'GET /api/v1/ranking',
      'GET /api/v1/reports/month',
      'GET /api/v1/revisions',
      'GET /api/v1/setup',
      'GET /api/v1/static-factors',
      'GET /api/v1/target',
      'GET /api/v1/value-added',
      'GET /healthz',
      'GET /metrics',
      'GET /openapi.json',
      'GET /readyz',
      'POST /api/v1/alerts/{id}/acknowledge',
      'POST /api/v1/alerts/{id}/review',
      'POST /api/v1/models/activate',
      'POST /api/v1/models/rollback',
      'POST /api/v1/session',
      'POST /api/v1/static-factors',
      'POST /api/v1/value-added',
    ]);
    const parameters = document.paths['/api/v1/energy']?.['get']?.parameters?.map((parameter) => parameter.name);
    expect(parameters).toEqual(['path', 'from', 'to', 'window']);
    expect(JSON.stringify(document.paths['/api/v1/energy']?.['get']?.responses)).toContain('"low-coverage"');
  });
});

describe('probes', () => {
  it('tell alive, ready and metrics by route pattern', async () => {
    expect(JSON.parse((await ask(api, '/healthz')).text)).toEqual({ status: 'ok', version: '0.1.0' });
    expect(await ask(api, '/readyz')).toMatchObject({ status: 200, text: '{"status":"degraded"}' });
    const { text, headers } = await ask(api, '/metrics');
    expect(headers['content-type']).toContain('text/plain');
    expect(text).toContain('joulegate_sse_clients 0');
    expect(text).toContain('route="/api/v1/energy",status="200"');
  });
});
