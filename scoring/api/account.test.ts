import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountRules } from '../../deploy/account-rules.ts';
import { ask, createPlant, HOUR_MS, startTestApi, TOKEN } from '../../tests/support/api-plant.ts';
import { NO_SUMS } from '../energy/figure.ts';
import type { EnergyWindow } from '../energy/window.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import { ValueAddedBook } from '../store/value-added-book.ts';
import type { ApiServer } from './server.ts';

const ZONE = 'Asia/Shanghai';
/** A workday in April: valley, flat and peak hours, nothing sharp. */
const DAY = Date.parse('2026-04-15T00:00:00+08:00');

let folder: string;
let store: EmbeddedStore;
let api: ApiServer;
let bookFile: string;

function window(path: string, size: '1h' | '1d', start: number, sums: Partial<EnergyWindow>): EnergyWindow {
  const end = start + (size === '1h' ? HOUR_MS : 24 * HOUR_MS);
  return {
    ...NO_SUMS,
    path,
    level: path === '' ? 'site' : 'area',
    window: size,
    start,
    end,
    state: 'final',
    revision: 0,
    ...sums,
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-account-'));
  bookFile = join(folder, 'value-added.jsonl');
  store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  const hours = Array.from({ length: 24 }, (_, hour) => DAY + hour * HOUR_MS);
  const months = ['2025-04-15', '2026-04-15'].map((day) => Date.parse(`${day}T00:00:00+08:00`));
  await store.write({
    windows: [
      ...hours.map((start) => window('', '1h', start, { energyKwh: 100, idleKwh: 10, output: 50 })),
      ...hours.map((start) => window('stamping', '1h', start, { energyKwh: 70, output: 50 })),
      ...hours.flatMap((start, hour) => [
        window('air', '1h', start, { energyKwh: 10.1 }),
        window('painting', '1h', start, { energyKwh: 10, output: hour < 12 ? 150 : 50 }),
      ]),
      ...months.map((start, index) =>
        window('', '1d', start, { energyKwh: index === 0 ? 1_000_000 : 1_010_000, output: 1 }),
      ),
    ],
    scores: [],
    episodes: [],
    checkpoints: [],
  });
  api = await startTestApi({
    store,
    alerts: store,
    view: createPlant(store),
    accounts: await accountRules(
      {
        electricityEquivalent: { kgcePerKwh: 0.28, source: 'bill of 2025' },
        tariff: { plan: 'shanghai-two-part', flatPriceYuan: 0.7 },
        allocations: [
          {
            id: 'air',
            utility: 'air',
            version: '2026-1',
            consumers: [{ path: 'stamping' }, { path: 'painting' }],
          },
        ],
      },
      ZONE,
      join(folder, 'plant.yaml'),
    ),
    valueAdded: new ValueAddedBook(bookFile),
  });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const get = async (path: string) => JSON.parse((await ask(api, path)).text);

describe('the account of a day', () => {
  it('is in kWh, kgce on both bases, kg CO₂ and yuan by tariff period, which add up', async () => {
    const { account, parts, residualKwh } = await get('/api/v1/account?path=&from=2026-04-15&to=2026-04-16');
    expect(account.energyKwh).toBe(2400);
    expect(account.kgceCalorific).toMatchObject({ value: 294.96, factorSets: ['gbt-2589-2020'] });
    expect(account.kgceEquivalent).toMatchObject({ value: 672, source: 'bill of 2025' });
    expect(account.kgCO2).toMatchObject({ value: 1008, factorSets: ['shanghai-2022-carbon'] });
    const kwh = Object.fromEntries(
      account.tariff.parts.map((part: { level: string; kwh: number }) => [part.level, part.kwh]),
    );
    expect(kwh).toEqual({ peak: 600, flat: 1000, valley: 800 });
    expect(account.tariff.cost).toBeCloseTo(
      account.tariff.parts.reduce((sum: number, { cost }: { cost: number }) => sum + cost, 0),
      9,
    );
    expect(account.tariff.idleCost).toBeCloseTo(account.tariff.cost / 10, 9);
    expect(account.perOutput).toMatchObject({ kwh: 2, kgCO2: 0.84 });
    expect(parts).toEqual([{ path: 'stamping', energyKwh: 1680, output: 1200 }]);
    expect(residualKwh).toBe(720);
    expect(account.trace.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('gives the same bytes for the same inputs', async () => {
    const path = '/api/v1/account?from=2026-04-15&to=2026-04-16';
    expect((await ask(api, path)).text).toBe((await ask(api, path)).text);
  });

  it('is no figure with a reason where nothing was measured, and never 0', async () => {
    const { account } = await get('/api/v1/account?from=2026-01-01&to=2026-01-02');
    expect(account.kgceCalorific).toMatchObject({ value: null, reason: 'nothing was measured' });
    expect(account.perOutput).toEqual({
      kwh: null,
      kgceCalorific: null,
      kgceEquivalent: null,
      kgCO2: null,
      cost: null,
    });
  });
});

describe('a shared utility', () => {
  const range = 'from=2026-04-15&to=2026-04-16';

  it('is given to its consumers by the named rule, to the last decimal', async () => {
    const { items } = await get(`/api/v1/allocation?${range}`);
    expect(items).toEqual([
      {
        rule: 'air',
        version: '2026-1',
        utility: 'air',
        totalKwh: 242.4,
        drivers: [{ driver: 'good-output', hours: 24 }],
        fallbacks: [],
        rows: [
          { path: 'stamping', share: 0.375, allocatedKwh: 90.9 },
          { path: 'painting', share: 0.625, allocatedKwh: 151.5 },
        ],
        plantIdleKwh: 0,
        residualKwh: 0,
      },
    ]);
  });

  it('stands in the account of a consumer beside its own energy, with and without it', async () => {
    const { account, allocated, withAllocated } = await get(`/api/v1/account?path=stamping&${range}`);
    expect(account).toMatchObject({ energyKwh: 1680, perOutput: { kwh: 1.4 } });
    expect(allocated).toEqual([
      { rule: 'air', version: '2026-1', utility: 'air', drivers: ['good-output'], allocatedKwh: 90.9 },
    ]);
    expect(withAllocated).toEqual({ energyKwh: 1770.9, kwhPerOutput: 1770.9 / 1200 });
    expect(await get(`/api/v1/account?path=&${range}`)).toMatchObject({ allocated: [], withAllocated: null });
  });
});

describe('energy per value added', () => {
  const book = (items: readonly object[]) =>
    ask(api, '/api/v1/value-added', {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ items }),
    });
  const entry = (month: string, members: object = {}) => ({
    month,
    nominal: 20_000,
    priceIndex: 100,
    status: 'final',
    source: 'monthly ledger',
    ...members,
  });
  const intensity = '/api/v1/intensity?baseFrom=2025-04&baseTo=2025-04&from=2026-04&to=2026-04';

  it('says which month is missing until it is booked', async () => {
    const { change, reason } = await get(intensity);
    expect(change).toBeNull();
    expect(reason).toBe('value added of 2025-04 is missing; import it');
  });

  it('is compared at comparable prices, and the book keeps every entry with who made it', async () => {
    expect((await book([entry('2025-04')])).status).toBe(200);
    expect((await book([entry('2026-04', { nominal: 21_012, priceIndex: 102, status: 'provisional' })])).status).toBe(
      200,
    );
    const answer = await get(intensity);
    expect(answer).toMatchObject({ reason: null, provisional: true, base: { energyTce: 122.9, valueAdded: 20_000 } });
    expect(answer.current.valueAdded).toBeCloseTo(20_600, 9);
    expect(answer.change).toBeCloseTo(1.01 / 1.03 - 1, 12);
    expect((await book([entry('2026-04', { nominal: 21_012, priceIndex: 102 })])).status).toBe(200);
    expect(await get(intensity)).toMatchObject({ provisional: false });
    const { items } = await get('/api/v1/value-added');
    expect(items.map(({ month, status }: { month: string; status: string }) => `${month} ${status}`)).toEqual([
      '2025-04 final',
      '2026-04 provisional',
      '2026-04 final',
    ]);
    expect((await readFile(bookFile, 'utf8')).trim().split('\n')).toHaveLength(3);
  });

  it('refuses a provisional figure for a month that is final, and books nothing of that request', async () => {
    const answer = await book([entry('2026-05'), entry('2025-04', { status: 'provisional' })]);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('2025-04 is final already');
    expect((await get('/api/v1/value-added')).items).toHaveLength(3);
  });
});

describe('factor sets of a plant', () => {
  it('that leave a gap in their series are refused with the place', async () => {
    const file = join(folder, 'later.yaml');
    const text = `id: gbt-later\nseries: gbt-2589\nquantity: kgce\nsource: s\nedition: '2'\nregion: CN\nvalidFrom: '2030-01-01'\nvalidTo: null\nfactors:\n  - { carrier: electricity, unit: kW.h, basis: calorific, value: 0.12, source: s }\n`;
    const { writeFile } = await import('node:fs/promises');
    await writeFile(file, text);
    await expect(accountRules({ factorSets: ['later.yaml'] }, ZONE, join(folder, 'plant.yaml'))).rejects.toThrow(
      /series gbt-2589: factor sets gbt-2589-2020 and gbt-later are both valid on 2030-01-01/,
    );
  });
});
