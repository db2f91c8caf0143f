import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, createPlant, hourWindow, PRESS, startTestApi } from '../../tests/support/api-plant.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import type { ApiServer } from './server.ts';
import { BaselineAnswer, FlowAnswer, RankingAnswer } from './study-schemas.ts';

const DAY_MS = 86_400_000;
/** Local midnight of 2026-11-23 in Shanghai. */
const TODAY = Date.UTC(2026, 10, 22, 16);
let folder: string;
let store: EmbeddedStore;
let api: ApiServer;

/** Twenty days that follow 100 kWh + 0.2 kWh a unit within a kWh, then three days that use 30 kWh more. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-studies-'));
  store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  const days = Array.from({ length: 23 }, (_, index) => {
    const output = 800 + ((index * 37) % 100) * 4;
    const start = TODAY - (23 - index) * DAY_MS;
    return hourWindow(0, {
      window: '1d',
      state: 'final',
      start,
      end: start + DAY_MS,
      output,
      energyKwh: 100 + 0.2 * output + (index % 2 === 0 ? 1 : -1) + (index >= 20 ? 30 : 0),
      coveredMs: DAY_MS,
      expectedMs: DAY_MS,
    });
  });
  const gap = hourWindow(0, {
    window: '1d',
    state: 'final',
    start: TODAY - 24 * DAY_MS,
    end: TODAY - 23 * DAY_MS,
    coveredMs: 0,
  });
  const site = hourWindow(3, { path: '', level: 'site', energyKwh: 15 });
  await store.write({
    windows: [gap, ...days, hourWindow(3), site, hourWindow(3, { path: 'stamping', level: 'area', energyKwh: 12 })],
    scores: [],
    episodes: [],
    checkpoints: [],
  });
  api = await startTestApi({ store, alerts: store, view: createPlant(store) });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const range = 'from=2026-11-20&to=2026-11-23';

describe('GET /api/v1/baseline', () => {
  it('finds the line of the base, judges it, and adds up what came after it', async () => {
    const answer = await ask(api, `/api/v1/baseline?path=${PRESS}&${range}`);
    const body = JSON.parse(answer.text) as BaselineAnswer;
    expect([...Compile(BaselineAnswer).Errors(body)]).toEqual([]);
    expect(body.model?.slopeKwhPerUnit).toBeCloseTo(0.2, 2);
    expect(body.model?.days).toBe(20);
    expect(body.validity?.valid).toBe(true);
    expect((body.energyKwh ?? 0) - (body.expectedKwh ?? 0)).toBeCloseTo(90, -1);
    expect(body.days.at(-1)?.savedKwh).toBeCloseTo((body.expectedKwh ?? 0) - (body.energyKwh ?? 0), 6);
  });

  it('keeps a day that was not measured out of the fit, with the reason', async () => {
    const answer = await ask(api, `/api/v1/baseline?path=${PRESS}&${range}`);
    const [first] = (JSON.parse(answer.text) as BaselineAnswer).days;
    expect(first).toMatchObject({ day: '2026-10-30', excluded: 'low-coverage', expectedKwh: null });
  });

  it('has no model and no change where there are too few days', async () => {
    const body = JSON.parse((await ask(api, `/api/v1/baseline?${range}`)).text) as BaselineAnswer;
    expect(body).toMatchObject({ model: null, validity: null, rawChange: null, adjustedChange: null });
  });

  it('refuses an object that is not there and an empty range', async () => {
    expect((await ask(api, '/api/v1/baseline?path=nowhere')).status).toBe(404);
    expect((await ask(api, '/api/v1/baseline?from=2026-11-20&to=2026-11-19')).status).toBe(400);
  });
});

describe('GET /api/v1/ranking', () => {
  it('puts the machine that uses most beyond its base first and says why others have no excess', async () => {
    const body = JSON.parse((await ask(api, `/api/v1/ranking?${range}`)).text) as RankingAnswer;
    expect([...Compile(RankingAnswer).Errors(body)]).toEqual([]);
    expect(body.items.map(({ path }) => path)[0]).toBe(PRESS);
    expect(body.items[0]?.excessKwh).toBeCloseTo(90, -1);
    expect(body.items[1]).toMatchObject({ excessKwh: null, excessReason: 'no-baseline', energyKwh: null });
  });
});

describe('GET /api/v1/flow', () => {
  it('says of every object what its parts do not explain', async () => {
    const body = JSON.parse((await ask(api, '/api/v1/flow?from=2026-11-23')).text) as FlowAnswer;
    expect([...Compile(FlowAnswer).Errors(body)]).toEqual([]);
    expect(body.items.find(({ path }) => path === '')).toMatchObject({ energyKwh: 15, residualKwh: 3 });
    expect(body.items.find(({ path }) => path === PRESS)).toMatchObject({ energyKwh: 10, residualKwh: null });
  });
});
