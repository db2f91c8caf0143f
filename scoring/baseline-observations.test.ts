import { expect, it } from 'vitest';
import type { TagDescription } from '../broker/contract/tag.ts';
import { silentLog } from '../tests/support/api-plant.ts';
import { temporaryFolder } from '../tests/support/stack.ts';
import type { ScoringSection } from './config.ts';
import { openCore, type ScoringCore } from './core.ts';
import { LivePlant } from './live-plant.ts';

const HOUR = 3_600_000;
const start = Date.parse('2026-03-01T00:00:00+08:00');
const plant = { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' };
const machine = 'paint/line/oven';
const tags: readonly TagDescription[] = [
  { name: 'Energy', role: 'energy-counter', unit: 'kW.h' },
  { name: 'Good', role: 'output-counter', boundaryOutput: true },
  { name: 'Product', role: 'product' },
  { name: 'Outdoor', role: 'process', unit: 'Cel' },
];
/** 1 to 20 days of base, then 10 days of which everything but the base load needs 8 % less. */
const days = 30;
const pieces = (day: number, product: 'A' | 'B') =>
  product === 'A' ? 600 + ((day * 7) % 11) * 40 : 900 - ((day * 5) % 13) * 30;
const outdoor = (day: number) => 5 + ((day * 3) % 17);

/** Sends hourly values: energy per hour = 20 + 0.5 · A + 0.8 · B − 0.1 · °C, A in the first half of a day, B in the second. */
async function feed(core: ScoringCore): Promise<void> {
  const number = core.pipeline.describe({ path: machine }, tags);
  let kwh = 0;
  let good = 0;
  for (let hour = 0; hour <= days * 24; hour += 1) {
    const at = start + hour * HOUR;
    const day = Math.floor(hour / 24);
    core.pipeline.sample(number, 2, hour % 24 < 12 ? 'A' : 'B', at, 0);
    core.pipeline.sample(number, 0, kwh, at, 0);
    core.pipeline.sample(number, 1, good, at, 0);
    core.pipeline.sample(number, 3, outdoor(day), at, 0);
    const product = hour % 24 < 12 ? ('A' as const) : ('B' as const);
    const made = pieces(day, product) / 12;
    const scatter = ((hour * 13) % 7) / 10 - 0.3;
    const per = (product === 'A' ? 0.5 : 0.8) * (day < 20 ? 1 : 0.92);
    kwh += 20 + per * made - 0.1 * outdoor(day) + scatter;
    good += made;
    if (hour % 48 === 0) await core.pipeline.flush();
  }
  await core.pipeline.flush();
}

const target = (
  period: 'day' | 'shift',
  variables: NonNullable<ScoringSection['targets'][number]['baseline']>['variables'],
) => ({
  id: `${period}-${variables.length}`,
  path: '',
  basePeriod: { from: '2026-03-01', to: '2026-03-20' },
  reductions: [0.01],
  baseline: { period, variables },
});
const mix = [
  { name: 'A', equipment: machine, product: 'A' },
  { name: 'B', equipment: machine, product: 'B' },
  { name: 'outdoor', equipment: machine, tag: 'Outdoor', mayFall: true },
];

it('a baseline on product mix and outdoor temperature, by day or by shift, finds the slopes and the saving', async () => {
  await using folder = await temporaryFolder();
  const scoring: ScoringSection = {
    id: 'scoring',
    maxGap: '2h',
    lateness: '2m',
    energy: {
      shifts: [
        { name: 'day', from: '08:00', to: '20:00' },
        { name: 'night', from: '20:00', to: '08:00' },
      ],
    },
    targets: [
      target('day', mix),
      target('shift', mix),
      target('day', [{ name: 'output', output: '' }]),
      target('day', [
        { name: 'output', output: '' },
        { name: 'hall', equipment: machine, tag: 'Nowhere' },
      ]),
    ],
  };
  const now = start + days * 24 * HOUR;
  await using core = await openCore({
    plant,
    scoring,
    dataDir: folder.path,
    log: silentLog,
    now: () => now,
    onIssue: () => undefined,
    onEpisode: () => undefined,
  });
  await feed(core);
  const live = new LivePlant(core, {
    plant,
    scoring,
    founding: new Map(),
    log: silentLog,
    now: () => now,
    ownHealth: () => {
      throw new Error('nobody asks for the health');
    },
  });
  const [byDay, byShift, byOutput, unknown] = await live.targets();

  // A day: 24 · 20 of base load; its mean temperature counts in each of the 24 hours.
  expect(byDay?.baseline).toMatchObject({ period: 'day', days: 20, valid: true, leftOut: {} });
  const slopes = byDay?.baseline?.variables.map(({ name, slope, mayFall }) => [
    name,
    Number(slope.toFixed(1)),
    mayFall,
  ]);
  expect(slopes).toEqual([
    ['A', 0.5, false],
    ['B', 0.8, false],
    ['outdoor', -2.4, true],
  ]);
  expect(byDay?.baseline?.checks.map(({ name, passed }) => [name, passed])).toEqual([
    ['sensible', true],
    ['f-test', true],
    ['variables', true],
    ['cv-rmse', true],
    ['fsu', true],
    ['r2', true],
  ]);
  expect(byDay?.proof?.verdict).toBe('proven');
  expect(byDay?.adjustedChange).toBeLessThan(-0.04);
  expect((byDay?.adjustedChange ?? Number.NaN) + (byDay?.loadEffect ?? Number.NaN)).toBe(byDay?.rawChange);

  // A shift: half the base load. The night that ends on 1 March began before there were values.
  expect(byShift?.baseline).toMatchObject({ period: 'shift', days: 40, leftOut: {} });
  expect(byShift?.baseline?.variables[1]?.slope).toBeCloseTo(0.8, 1);
  expect(byShift?.adjustedChange).toBeCloseTo(byDay?.adjustedChange ?? Number.NaN, 2);

  // The sum of pieces hides the mix, which the same days prove.
  expect(byOutput?.baseline?.cvRmse).toBeGreaterThan(5 * (byDay?.baseline?.cvRmse ?? 1));
  expect(unknown).toMatchObject({ baseline: null, adjustedChange: null, loadEffect: null });
  expect(unknown?.adjustedReason).toBe(
    'no baseline: 0 observations of the base period have energy and output, hall, 7 are needed; unknown: hall on 20',
  );
  expect(unknown?.rawChange).toBe(byDay?.rawChange);
});
