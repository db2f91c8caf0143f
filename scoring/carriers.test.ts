import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { EquipmentDescription, TagDescription } from '../broker/contract/tag.ts';
import { accountRules } from '../deploy/account-rules.ts';
import { createPlant, silentLog, startTestApi, ask } from '../tests/support/api-plant.ts';
import { temporaryFolder } from '../tests/support/stack.ts';
import { openCore } from './core.ts';
import { readQuarters } from './store/quarter-rows.ts';
import type { PipelineIssue } from './pipeline.ts';

const MINUTE = 60_000;
const start = Date.parse('2026-11-23T08:00:00+08:00');
const press: EquipmentDescription = { path: 'stamping/press-line/press-1' };
const tags: readonly TagDescription[] = [
  { name: 'Energy', role: 'energy-counter', unit: 'kW.h' },
  { name: 'Gas', role: 'energy-counter', carrier: 'natural-gas', unit: 'L', modulus: 1_000_000 },
  { name: 'Water', role: 'energy-counter', carrier: 'water', unit: 't' },
  { name: 'Steam', role: 'energy-counter', carrier: 'steam', unit: 'bar' },
  { name: 'Hall', role: 'process', unit: 'Cel' },
];
const plant = { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' };
const scoring = {
  id: 'scoring',
  maxGap: '5m',
  lateness: '2m',
  targets: [
    {
      id: 't',
      path: '',
      basePeriod: { from: '2026-11-01', to: '2026-11-10' },
      reductions: [0.01],
      baseline: {
        period: 'day' as const,
        variables: [
          { name: 'output', output: '' },
          { name: 'hall', equipment: press.path, tag: 'Hall' },
        ],
      },
    },
  ],
};

it('gas, water and a watched tag are kept through a restart: quarters add up to last − first, the account knows their standard coal', async () => {
  await using folder = await temporaryFolder();
  const issues: PipelineIssue[] = [];
  const open = () =>
    openCore({
      plant,
      scoring,
      dataDir: folder.path,
      log: silentLog,
      now: () => start,
      onIssue: (issue) => issues.push(issue),
      onEpisode: () => undefined,
    });
  const feed = async (from: number, to: number) => {
    await using core = await open();
    const machine = core.pipeline.describe(press, tags);
    for (let minute = from; minute < to; minute += 1) {
      const at = start + minute * MINUTE;
      core.pipeline.sample(machine, 0, minute * 2, at, 0);
      core.pipeline.sample(machine, 1, (999_000 + minute * 100) % 1_000_000, at, 0);
      core.pipeline.sample(machine, 2, minute * 0.001, at, 0);
      core.pipeline.sample(machine, 3, minute, at, 0);
      // Cold for half an hour, then warm; in between the sensor is bad for ten minutes.
      core.pipeline.sample(machine, 4, minute < 30 ? 10 : 20, at, minute >= 15 && minute < 25 ? 0x8000_0000 : 0);
      if (minute % 7 === 0) await core.pipeline.flush();
    }
    await core.pipeline.flush();
  };
  await feed(0, 40);
  await feed(40, 61);

  await using core = await open();
  const range = { from: start, to: start + 61 * MINUTE };
  const gas = await readQuarters(core.store, { kind: 'amount', path: press.path, tag: 'Gas' }, range);
  expect(gas.map(({ sum, ms, estimated }) => [sum, ms, estimated])).toEqual(
    Array.from({ length: 4 }, () => [1.5, 15 * MINUTE, 0]),
  );
  const hall = await readQuarters(core.store, { kind: 'mean', path: press.path, tag: 'Hall' }, range);
  expect(hall.map(({ sum, ms }) => [ms / MINUTE, sum / ms])).toEqual([
    [14, 10],
    [5, 10],
    [15, 20],
    [15, 20],
  ]);
  expect(issues.map(({ code, tag, remedy }) => [code, tag, remedy])).toContainEqual([
    'UNIT_UNKNOWN',
    'Steam',
    "set the tag's unit in plant.yaml to one of t, MJ, GJ, kW.h",
  ]);

  for (const boughtMedia of [[], ['water' as const]]) {
    await using api = await startTestApi({
      store: core.store,
      alerts: core.store,
      view: createPlant(core.store),
      accounts: await accountRules({ boughtMedia }, 'Asia/Shanghai', join(folder.path, 'plant.yaml')),
    });
    const query = 'path=stamping&from=2026-11-23T08:00:00%2B08:00&to=2026-11-23T10:00:00%2B08:00';
    const answer = await ask(api, `/api/v1/account?${query}`);
    const { carriers, comprehensive, account } = JSON.parse(answer.text) as {
      carriers: unknown[];
      comprehensive: unknown;
      account: { energyKwh: number };
    };
    expect(account.energyKwh).toBe(120);
    const known = { estimated: 0, unresolved: 0, reason: null, factorSets: ['gbt-2589-2020'] };
    const bought = boughtMedia.length > 0;
    expect(carriers).toEqual([
      {
        ...known,
        carrier: 'natural-gas',
        unit: 'm3',
        amount: 6,
        kgce: 7.2858,
        note: null,
        meters: [`${press.path}#Gas`],
      },
      {
        ...known,
        carrier: 'water',
        unit: 't',
        amount: 0.06,
        kgce: bought ? 0.015_426 : 0,
        note: bought ? null : 'made on site: its energy is counted where it was made',
        meters: [`${press.path}#Water`],
      },
    ]);
    // 120 × 0.1229 + 6 × 1.2143, and 0.06 × 0.2571 where water is bought.
    expect(comprehensive).toMatchObject({ kgceCalorific: bought ? 22.049_226 : 22.0338, kgceEquivalent: null });
  }
});
