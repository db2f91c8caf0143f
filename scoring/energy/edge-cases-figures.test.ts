import { describe, expect, it } from 'vitest';
import { loadFactorSets, loadTariff } from '../../seeds/load-factors.ts';
import { HOUR, MINUTE, openLedger } from '../../tests/support/ledger.ts';
import { ClockGuard } from '../ingest/clock-guard.ts';
import { allocate } from './allocation.ts';
import { fitBaseline } from './baseline.ts';
import { convert, convertDays, factorSetProblems, type FactorSet } from './conversion.ts';
import { compareIntensity, meetsReduction, relativeChange } from './intensity.ts';
import { equivalentOutput } from './machine-use.ts';
import { balanceTree, treeProblems, type MeterTree } from './meter-tree.ts';
import { readEngineeringUnit, unitPlausibility, UNECE_UNITS_URI } from './opcua-unit.ts';
import { clockAlarm, judgeWindowQuality } from './quality.ts';
import { reportSaving } from './saving.ts';
import { splitByTariff, tariffHours, tariffLevels, tariffProblems } from './tariff.ts';

const tree: MeterTree = {
  id: 'plant-2026',
  validFrom: '2026-01-01',
  validTo: null,
  objects: [
    { path: 'plant', boundary: 'main-meter', meter: 'M0', children: ['line-1', 'line-2'] },
    { path: 'line-1', boundary: 'independent', meter: 'M1', children: [] },
    { path: 'line-2', boundary: 'independent', meter: 'M2', children: [] },
  ],
};
const plantRow = (readings: Record<string, { importKwh: number; exportKwh?: number; accuracyClass?: number }>) =>
  balanceTree(tree, new Map(Object.entries(readings)))[0];
const shippedSet = async (): Promise<FactorSet> => {
  const [set] = await loadFactorSets(factorSetProblems);
  if (set === undefined) throw new Error('no factor sets');
  return set;
};

describe('edge cases of the tree and of shared utilities', () => {
  it('edge case 24: main 1000 with subs 300 and 400 is 1000 with a residual of 300, never 1700', () => {
    const row = plantRow({ M0: { importKwh: 1000 }, M1: { importKwh: 300 }, M2: { importKwh: 400 } });
    expect(row).toMatchObject({ netKwh: 1000, subSumKwh: 700, residualKwh: 300, finding: 'none' });
    const shared = { ...tree, objects: [...tree.objects, { ...tree.objects[1]!, path: 'line-3' }] };
    expect(treeProblems(tree)).toEqual([]);
    expect(treeProblems(shared)[0]).toContain('meter "M1" is in "line-1" and in "line-3"');
  });

  it('edge case 25: subs of 1020 under a main of 1000 show -20, a note within accuracy and an alarm beyond', () => {
    const readings = (accuracyClass: number) => ({
      M0: { importKwh: 1000, accuracyClass },
      M1: { importKwh: 500, accuracyClass },
      M2: { importKwh: 520, accuracyClass },
    });
    expect(plantRow(readings(1))).toMatchObject({ residualKwh: -20, finding: 'within-accuracy' });
    expect(plantRow(readings(0.5))).toMatchObject({ residualKwh: -20, finding: 'alarm' });
  });

  it('edge case 26: import 1000 and export 200 are 800 net, and all three are kept', () => {
    const row = plantRow({ M0: { importKwh: 1000, exportKwh: 200 }, M1: { importKwh: 1 }, M2: { importKwh: 2 } });
    expect(row).toMatchObject({ importKwh: 1000, exportKwh: 200, netKwh: 800 });
  });

  it('edge case 27: 500 kWh of a compressor go by flow; with one flow missing the fallback is named', () => {
    const consumers = [6000, 3000, 1000].map((flow, index) => ({
      path: `line-${index}`,
      drivers: { flow, 'run-time-rated': 100 },
    }));
    const input = { utility: 'compressor', totalKwh: 500, consumers, rulesVersion: '2026-1' };
    const byFlow = allocate(input);
    expect(byFlow.rows.map(({ allocatedKwh }) => allocatedKwh)).toEqual([300, 150, 50]);
    expect(byFlow).toMatchObject({ driver: 'flow', residualKwh: 0, fallbacks: [] });
    const missing = allocate({
      ...input,
      consumers: consumers.map((consumer, index) =>
        index === 2 ? { ...consumer, drivers: { ...consumer.drivers, flow: null } } : consumer,
      ),
    });
    expect(missing).toMatchObject({ driver: 'run-time-rated', fallbacks: ['flow is not known of line-2'] });
    expect(missing.rows.reduce((sum, row) => sum + row.allocatedKwh, missing.residualKwh)).toBeCloseTo(500, 9);
    const still = consumers.map(({ path }) => ({ path, drivers: { flow: 0 } }));
    expect(allocate({ ...input, consumers: still })).toMatchObject({ plantIdleKwh: 500, rows: [] });
  });

  it('edge case 28: bought air counts 4000 kgce, air of the own compressor nothing extra', async () => {
    const set = await shippedSet();
    const air = { carrier: 'compressed-air', unit: 'm3', amount: 100_000 };
    expect(convert([air], set).total).toBe(4000);
    const own = convert([{ ...air, madeOnSite: true }], set);
    expect(own.total).toBe(0);
    expect(own.rows[0]?.note).toContain('made on site');
  });
});

describe('edge cases of units, quality and clocks', () => {
  it('edge case 29: W·h read as kWh is caught by the rated power', () => {
    expect(unitPlausibility(8000, HOUR, 10)).toMatchObject({ plausible: false });
    expect(unitPlausibility(8000, HOUR, 10).suspicion).toContain('W.h instead of kW.h');
    expect(unitPlausibility(8, HOUR, 10)).toEqual({ plausible: true, suspicion: null });
  });

  it('edge case 30: the code GJ of a heat meter is refused as gram per millilitre and GV is suggested', () => {
    const unitId = 'G'.charCodeAt(0) * 256 + 'J'.charCodeAt(0);
    expect(readEngineeringUnit({ namespaceUri: UNECE_UNITS_URI, unitId })).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/gram per millilitre.*GV.*18262/) as string,
    });
    expect(readEngineeringUnit({ namespaceUri: UNECE_UNITS_URI, unitId: 18_262 })).toMatchObject({ ucum: 'GJ' });
    expect(readEngineeringUnit({ namespaceUri: UNECE_UNITS_URI, unitId: -1 })).toMatchObject({ kind: 'refused' });
  });

  it('edge case 31: a window of uncertain values is provisional only and incomplete when final', () => {
    const uncertain = { good: 0, uncertain: HOUR, bad: 0 };
    expect(judgeWindowQuality(uncertain)).toEqual({ provisional: 'uncertain', final: 'incomplete' });
    expect(
      judgeWindowQuality(uncertain, { treatUncertainAsBad: false, percentDataGood: 80, percentDataBad: 100 }),
    ).toEqual({ provisional: 'good', final: 'complete' });
    expect(judgeWindowQuality({ good: 0, uncertain: 0, bad: HOUR }).provisional).toBe('bad');
  });

  it('edge case 32: timestamps 8 h ahead raise a clock alarm and are held, so that no window gets final by them', () => {
    const now = Date.UTC(2026, 2, 2, 8);
    expect(clockAlarm(now + 8 * HOUR, now, 5 * MINUTE)?.suspicion).toContain('8 h ahead: local time stamped as UTC');
    expect(clockAlarm(now, now - 1000, 5 * MINUTE)).toBeNull();
    const guard = new ClockGuard<number>({ toleranceMs: 15 * MINUTE, capacity: 100 });
    const [one, other] = [guard.add(Number.NaN), guard.add(Number.NaN)];
    guard.judge(one, now, 0);
    guard.judge(other, now, 0);
    expect(guard.judge(one, now + 8 * HOUR, 0)).toMatchObject({ kind: 'held' });
    expect(guard.plantClock).toBeLessThan(now + HOUR);
  });

  it.each([
    ['Europe/Berlin', Date.UTC(2026, 9, 24, 22), 25, 250],
    ['Asia/Shanghai', Date.UTC(2026, 9, 24, 16), 24, 240],
  ])('edge case 33: 10 kW over the local day in %s', (zone, midnight, hours, kwh) => {
    const { ledger, take, of } = openLedger([{ name: 'Power', role: 'power', unit: 'kW' }], { zone });
    for (let minute = 0; minute <= hours * 60; minute += 1) ledger.sample('Power', 10, midnight + minute * MINUTE);
    take();
    const days = of('a/l/m', '1d');
    expect(days).toHaveLength(1);
    expect(days[0]?.energyKwh).toBeCloseTo(kwh, 6);
    expect((days[0]?.end ?? 0) - (days[0]?.start ?? 0)).toBe(hours * HOUR);
  });

  it('edge case 34: an hour across a tariff edge is split by time and marked estimated; sharp hours are no peak hours', async () => {
    const plan = await loadTariff({ id: 'shanghai-two-part' }, tariffProblems);
    const from = Date.UTC(2026, 3, 14, 23, 30);
    const context = { zone: 'Asia/Shanghai', flatPrice: 1 };
    const hour = splitByTariff({ kwh: 10, start: from, end: from + HOUR }, plan, context);
    expect(hour.estimated).toBe(true);
    expect(hour.parts.map(({ level, kwh }) => [level, kwh])).toEqual([
      ['flat', 5],
      ['peak', 5],
    ]);
    expect(hour.parts[1]?.cost).toBeCloseTo(5 * 1.6, 12);
    expect(splitByTariff({ kwh: 10, start: from, end: from + HOUR / 4 }, plan, context).estimated).toBe(false);
    for (let month = 1; month <= 12; month += 1) {
      const hours = tariffHours(plan, `2026-${String(month).padStart(2, '0')}-14`);
      expect(tariffLevels.reduce((sum, level) => sum + hours[level], 0)).toBe(24);
    }
    const short = { ...plan, seasons: plan.seasons.map((season) => ({ ...season, spans: season.spans.slice(1) })) };
    expect(tariffProblems(short)[0]).toContain('cover 18 hours and leave gaps; they must cover 24 hours once');
  });
});

describe('edge cases of the intensity target', () => {
  const base = { label: '2016', energyTce: 50_000, valueAddedNominal: 100_000, priceIndex: 100 };

  it('edge case 35: value added is deflated: -1.7456 %, not -2.7184 %', () => {
    const now = { label: '2017', energyTce: 50_100, valueAddedNominal: 103_000, priceIndex: 101 };
    expect(compareIntensity(base, now)).toMatchObject({ value: { change: expect.closeTo(-0.017_456, 6) as number } });
    expect(compareIntensity(base, { ...now, priceIndex: null })).toMatchObject({
      kind: 'no-figure',
      reason: expect.stringContaining('price index of 2017 is missing') as string,
    });
    expect(compareIntensity(base, { ...now, valueAddedNominal: null })).toMatchObject({ kind: 'no-figure' });
  });

  it('edge case 36: without a base there is no change', () => {
    expect(relativeChange(5, 0)).toEqual({ kind: 'no-figure', reason: 'no base' });
    expect(relativeChange(5, Number.NaN)).toEqual({ kind: 'no-figure', reason: 'no base' });
  });

  it('edge case 37: -0.996 % does not meet -1.0 % although it is shown as such', () => {
    expect((-0.996).toFixed(1)).toBe('-1.0');
    expect(meetsReduction(-0.009_96, 0.01)).toBe(false);
    expect(meetsReduction(-0.01, 0.01)).toBe(true);
  });

  it('edge case 38: each day uses its own factor set and the years are restated on one, both shown', async () => {
    const set = await shippedSet();
    const water = (id: string, value: number, validFrom: string, validTo: string | null): FactorSet => ({
      ...set,
      id,
      validFrom,
      validTo,
      factors: [{ carrier: 'water', unit: 't', basis: 'calorific', value, source: 'appendix B' }],
    });
    const old = water('gbt-2008', 0.0857, '2009-01-01', '2025-12-31');
    const now = water('gbt-2020', 0.2571, '2026-01-01', null);
    const amounts = [{ carrier: 'water', unit: 't', amount: 1000 }];
    const days = [
      { day: '2025-12-31', amounts },
      { day: '2026-01-01', amounts },
    ];
    expect(convertDays(days, [old, now], { restateOn: now })).toEqual({
      own: 342.8,
      ownSets: ['gbt-2008', 'gbt-2020'],
      restated: 514.2,
      restatedSet: 'gbt-2020',
    });
    expect(() => convertDays(days, [now], { restateOn: now })).toThrow(/no factor set is valid on 2025-12-31/);
  });

  it('edge case 39: 100 A and 50 B of coefficient 1.6 are 180 standard products', () => {
    expect(
      equivalentOutput([
        { count: 100, coefficient: 1 },
        { count: 50, coefficient: 1.6 },
      ]),
    ).toBe(180);
  });

  it('edge case 40: output outside what the baseline has seen is extrapolated and carries no verdict', () => {
    const outputs = [820, 760, 905, 880, 940, 1010, 1055, 990, 930, 875, 845, 790];
    const fit = fitBaseline(
      [{ name: 'output', values: outputs }],
      outputs.map((output, i) => 120 + 0.45 * output + (i % 2)),
    );
    if (fit === null) throw new Error('no fit');
    const report = reportSaving(fit, {
      variables: [[2000], [2100], [1900]],
      energy: [800, 850, 780],
      interval: 'day',
      months: 1,
    });
    expect(report).toMatchObject({ verdict: 'not-proven', extrapolated: ['output'] });
    expect(report?.savingKwh).toBeGreaterThan(report?.uncertaintyKwh ?? 0);
  });
});
