import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountRules } from '../../deploy/account-rules.ts';
import { ask, createPlant, hourWindow, NOW, PRESS, startTestApi } from '../../tests/support/api-plant.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import type { ApiServer } from './server.ts';
import { DataQualityAnswer, SetupAnswer } from './setup-schemas.ts';

const DAY_MS = 86_400_000;
const TODAY = Date.UTC(2026, 10, 22, 16);
let folder: string;
let store: EmbeddedStore;
let api: ApiServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-setup-'));
  store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  const day = (back: number, covered: number, members = {}) =>
    hourWindow(0, {
      window: '1d',
      start: TODAY - back * DAY_MS,
      end: TODAY - (back - 1) * DAY_MS,
      state: 'final',
      coveredMs: covered * DAY_MS,
      expectedMs: DAY_MS,
      ...members,
    });
  await store.write({
    windows: [day(3, 1), day(2, 0.9, { worstGapMs: 7_200_000, unresolved: 1 }), day(1, 0.97, { revision: 1 })],
    scores: [],
    episodes: [],
    checkpoints: [],
  });
  const section = {
    tariff: { plan: 'shanghai-two-part', flatPriceYuan: 0.7 },
    shifts: [{ name: 'day', from: '08:00', to: '08:00' }],
  };
  api = await startTestApi({
    store,
    alerts: store,
    view: createPlant(store),
    accounts: await accountRules(section, 'Asia/Shanghai', 'plant.yaml'),
  });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe('the quality of the data', () => {
  it('is told by machine: meter, classes, the longest gap, unresolved steps and late data', async () => {
    const answer = await ask(api, '/api/v1/data-quality');
    expect(answer.status).toBe(200);
    const quality = JSON.parse(answer.text) as DataQualityAnswer;
    expect([...Compile(DataQualityAnswer).Errors(quality)]).toEqual([]);
    expect(quality.classDays).toEqual({ A: 1, B: 1, C: 1, none: 0 });
    expect(quality.items.find(({ path }) => path === PRESS)).toMatchObject({
      meter: 'live',
      meterTags: ['power'],
      class: 'B',
      worstGapSeconds: 7200,
      worstGapOn: '2026-11-21',
      unresolved: 1,
      restatedDays: 1,
    });
  });

  it('of ten years is answered as well, that of a range that ends before it begins is refused', async () => {
    const long = await ask(api, '/api/v1/data-quality?from=2016-11-23&to=2026-11-23');
    expect(long.status).toBe(200);
    expect((await ask(api, '/api/v1/data-quality?from=2026-11-23&to=2016-11-23')).status).toBe(400);
  });
});

describe('the setup', () => {
  it('shows tags with their nodes, factor sets in force, the tariff and the calendar', async () => {
    const answer = await ask(api, '/api/v1/setup');
    expect(answer.status).toBe(200);
    const setup = JSON.parse(answer.text) as SetupAnswer;
    expect([...Compile(SetupAnswer).Errors(setup)]).toEqual([]);
    expect(setup.equipment[0]?.tags[0]).toMatchObject({ name: 'power', nodeId: 'nsu=urn:test;s=press-1.power' });
    const today = new Date(NOW).toISOString().slice(0, 10);
    for (const { inForce, validFrom, validTo } of setup.factorSets)
      expect(inForce).toBe(validFrom <= today && (validTo ?? '9999') >= today);
    expect(setup.factorSets.some(({ inForce }) => inForce)).toBe(true);
    expect(setup.tariff).toMatchObject({ id: 'shanghai-two-part', flatPriceYuan: 0.7 });
    expect(setup.calendar).toMatchObject({
      timezone: 'Asia/Shanghai',
      shifts: [{ name: 'day' }],
      dayStartsAt: '00:00',
    });
  });
});
