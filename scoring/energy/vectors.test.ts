import { describe, expect, it } from 'vitest';
import { loadFactorSets, loadTariff } from '../../seeds/load-factors.ts';
import { expectEnergy, fitBaseline, judgeBaseline } from './baseline.ts';
import { convert, factorSetProblems, type CarrierAmount, type FactorSet } from './conversion.ts';
import { studentQuantile } from './distribution.ts';
import {
  compareIntensity,
  energyGrowthFrom,
  intensityPerValueAdded,
  meetProbability,
  neededIntensity,
  realValueAdded,
  changeFromGrowth,
  type Outcome,
} from './intensity.ts';
import { decompose } from './lmdi.ts';
import { machineUse } from './machine-use.ts';
import { unitIdOf } from './opcua-unit.ts';
import { integratePower } from './power-integral.ts';
import { cusumOfSavings, reportSaving, savingUncertaintyKwh } from './saving.ts';
import { meanPriceRatio, tariffHours, tariffProblems } from './tariff.ts';

/** The figure, or a failure that shows the reason. */
function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind === 'no-figure') throw new Error(outcome.reason);
  return outcome.value;
}
const shipped = async (id: string): Promise<FactorSet> => {
  const set = (await loadFactorSets(factorSetProblems)).find((one) => one.id === id);
  if (set === undefined) throw new Error(`no factor set ${id}`);
  return set;
};
const outputs = [820, 760, 905, 880, 940, 1010, 1055, 990, 930, 875, 845, 790];
const energies = [493, 459, 530, 513, 548, 570, 597, 566, 535, 517, 498, 476];
const laterOutputs = [870, 915, 960, 1000, 930, 880];
const laterEnergies = [500, 521, 540, 556, 529, 508];
const fitted = () => {
  const fit = fitBaseline([{ name: 'output', values: outputs }], energies);
  if (fit === null) throw new Error('no fit');
  return fit;
};
const HOUR = 3_600_000;

describe('test vectors of energy per output', () => {
  const used: readonly CarrierAmount[] = [
    { carrier: 'electricity', unit: 'kW.h', amount: 1_200_000 },
    { carrier: 'natural-gas', unit: 'm3', amount: 85_000 },
    { carrier: 'diesel', unit: 'kg', amount: 12_000 },
    { carrier: 'heat', unit: 'MJ', amount: 9_500_000 },
    { carrier: 'water', unit: 't', amount: 40_000 },
    { carrier: 'compressed-air', unit: 'm3', amount: 100_000 },
  ];

  it('T1: comprehensive energy is 606 604.7 kgce calorific and 802 324.7 equivalent', async () => {
    const set = await shipped('gbt-2589-2020');
    const calorific = convert(used, set);
    expect(calorific.rows.map(({ value }) => value)).toEqual([147_480, 103_215.5, 17_485.2, 324_140, 10_284, 4000]);
    expect(calorific.total).toBe(606_604.7);
    const own = { carrier: 'electricity', unit: 'kW.h', basis: 'equivalent', value: 0.286, source: 'input' } as const;
    expect(convert(used, { ...set, factors: [...set.factors, own] }, 'equivalent').total).toBe(802_324.7);
    expect(() => convert(used, set, 'equivalent')).toThrow(/no equivalent factor for electricity/);
  });

  it('T2: intensity per value added at comparable prices falls by 1.745631 %', () => {
    const base = { label: '2016', energyTce: 50_000, valueAddedNominal: 100_000, priceIndex: 100 };
    const now = { label: '2017', energyTce: 50_100, valueAddedNominal: 103_000, priceIndex: 101 };
    expect(valueOf(realValueAdded(now))).toBeCloseTo(101_980.198, 4);
    expect(valueOf(intensityPerValueAdded(now))).toBeCloseTo(0.491_271_8, 7);
    const change = valueOf(compareIntensity(base, now));
    expect(change.change * 100).toBeCloseTo(-1.745_631, 6);
    expect(change.savingTce).toBeCloseTo(890.099, 4);
    const growth = valueOf(changeFromGrowth(50_100 / 50_000 - 1, 103_000 / 1.01 / 100_000 - 1));
    expect(growth).toBeCloseTo(change.change, 14);
  });

  it('T3: +1 % value added and -1.5 % intensity are -0.515 % energy', () => {
    expect(energyGrowthFrom(0.01, -0.015)).toBeCloseTo(-0.005_15, 12);
  });

  it('T4: the rest of the year needs 0.4916, 0.4865 or 0.4814', () => {
    const needed = [0.01, 0.0125, 0.015].map((reduction) =>
      valueOf(
        neededIntensity({
          baseIntensity: 0.5,
          reduction,
          plannedActivity: 102_000,
          activityToDate: 77_000,
          energyToDate: 38_200,
        }),
      ),
    );
    expect(38_200 / 77_000).toBeCloseTo(0.496_103_9, 7);
    expect((38_200 / 77_000 / 0.5 - 1) * 100).toBeCloseTo(-0.779_221, 6);
    expect(needed.map((value) => value.toFixed(4))).toEqual(['0.4916', '0.4865', '0.4814']);
    expect(needed.map((value) => ((value / 0.5 - 1) * 100).toFixed(2))).toEqual(['-1.68', '-2.70', '-3.72']);
  });

  it('T5: the regression of energy on output has the given figures', () => {
    const fit = fitted();
    expect(fit.intercept.value).toBeCloseTo(118.597_487_8, 7);
    expect(fit.slopes[0]?.value).toBeCloseTo(0.451_743_532_1, 10);
    expect(fit.r2).toBeCloseTo(0.993_448_220_2, 10);
    expect(fit.adjustedR2).toBeCloseTo(0.992_793_042_2, 10);
    expect(fit.sse).toBeCloseTo(119.646_419_2, 7);
    expect(fit.standardError).toBeCloseTo(3.458_994_351, 9);
    expect(fit.cvRmse).toBeCloseTo(0.006_586_469_73, 11);
    expect(fit.cvRmseN).toBeCloseTo(0.006_012_596_74, 11);
    expect(fit.slopes[0]?.t).toBeCloseTo(38.939_73, 5);
    expect(fit.f).toBeCloseTo(1516.3028, 4);
    expect(fit.nmbe).toBeCloseTo(0, 12);
    expect(judgeBaseline(fit)).toMatchObject({ valid: true, reason: null });
  });

  it('T6: the CUSUM of savings ends at 67.0202, 2.0807 % of what was expected', () => {
    const fit = fitted();
    const expected = laterOutputs.map((output) => expectEnergy(fit, [output]));
    const cusum = cusumOfSavings(expected, laterEnergies);
    const figures = [11.6144, 22.5572, 34.8285, 49.1695, 58.8885, 67.0202];
    figures.forEach((value, i) => expect(cusum[i]).toBeCloseTo(value, 4));
    const total = expected.reduce((sum, value) => sum + value, 0);
    expect(total).toBeCloseTo(3221.0202, 4);
    expect(((cusum.at(-1) ?? 0) / total) * 100).toBeCloseTo(2.0807, 4);
  });

  it('T7: the uncertainty of that saving is 21.364 and the saving is proven', () => {
    const fit = fitted();
    expect(studentQuantile(0.9, 10)).toBeCloseTo(1.812_461, 6);
    expect(fit.lag1).toBeCloseTo(-0.8565, 4);
    const uncertainty = savingUncertaintyKwh({
      fit: { ...fit, coefficients: 2 },
      correction: 1.26,
      m: 6,
      expectedKwh: 3221.020_24,
    });
    expect(uncertainty).toBeCloseTo(21.364, 3);
    expect(((uncertainty ?? 0) / 67.020_24) * 100).toBeCloseTo(31.877, 3);
    const report = reportSaving(fit, {
      variables: laterOutputs.map((output) => [output]),
      energy: laterEnergies,
      interval: 'shift',
      months: 6,
    });
    expect(report).toMatchObject({ verdict: 'proven', extrapolated: [] });
    expect(report?.uncertaintyKwh).toBeCloseTo(21.364, 3);
    const at68 = savingUncertaintyKwh({
      fit: { ...fit, coefficients: 2 },
      correction: 1.26,
      m: 6,
      expectedKwh: 3221.020_24,
      confidence: 0.68,
    });
    expect((at68 ?? Number.NaN) / 67.020_24).toBeLessThan(0.5);
  });

  it('T8: LMDI of two products gives 32.384638, 38.284867 and -24.669505', () => {
    const result = decompose([
      { name: '1', energyBase: 30, energyNow: 80, outputBase: 10, outputNow: 40 },
      { name: '2', energyBase: 20, energyNow: 16, outputBase: 40, outputNow: 40 },
    ]);
    expect(result?.parts.map(({ weight }) => weight.toFixed(6))).toEqual(['50.977272', '17.925680']);
    expect(result?.activity).toBeCloseTo(32.384_638, 6);
    expect(result?.structure).toBeCloseTo(38.284_867, 6);
    expect(result?.intensity).toBeCloseTo(-24.669_505, 6);
    expect((result?.activity ?? 0) + (result?.structure ?? 0) + (result?.intensity ?? 0)).toBe(46);
    expect(result?.ratio?.activity).toBeCloseTo(1.582_88, 6);
    expect(result?.ratio?.structure).toBeCloseTo(1.721_02, 6);
    expect(result?.ratio?.intensity).toBeCloseTo(0.704_802, 6);
    const { activity = 0, structure = 0, intensity = 0 } = result?.ratio ?? {};
    expect(activity * structure * intensity).toBeCloseTo(1.92, 12);
  });

  it('T9: LMDI of the plant gives 245.783572, -2.326680 and -163.456892', () => {
    const result = decompose([
      { name: 'a', energyBase: 3000, energyNow: 2900, outputBase: 6000, outputNow: 6100 },
      { name: 'b', energyBase: 1500, energyNow: 1700, outputBase: 3000, outputNow: 3500 },
      { name: 'c', energyBase: 500, energyNow: 480, outputBase: 1000, outputNow: 900 },
    ]);
    expect(result?.activity).toBeCloseTo(245.783_572, 6);
    expect(result?.structure).toBeCloseTo(-2.326_68, 6);
    expect(result?.intensity).toBeCloseTo(-163.456_892, 6);
    expect(result?.total).toBe(80);
    expect((5080 / 10_500).toFixed(7)).toBe('0.4838095');
    expect((5080 / 10_500 / 0.5 - 1) * 100).toBeCloseTo(-3.238_095, 6);
  });

  it.each([
    ['2026-07-15', [2, 8, 6, 8], 1.170_833],
    ['2026-09-15', [0, 10, 6, 8], 1.133_333],
    ['2026-04-15', [0, 6, 10, 8], 0.983_333],
    ['2026-01-15', [2, 4, 10, 8], 1.0375],
  ] as const)('T10: a constant load on %s has the hours and the mean price of its month', async (day, hours, ratio) => {
    const plan = await loadTariff({ id: 'shanghai-two-part' }, tariffProblems);
    const found = tariffHours(plan, day);
    expect([found.sharp, found.peak, found.flat, found.valley]).toEqual(hours);
    expect(meanPriceRatio(plan, day)).toBeCloseTo(ratio, 6);
  });

  it('T11: a machine with 6 h run, 1.5 h idle and 0.5 h off uses 0.1301667 kWh per good piece', () => {
    const use = machineUse(
      [
        { state: 'run', kwh: 6 * 12 },
        { state: 'idle', kwh: 1.5 * 4 },
        { state: 'off', kwh: 0.5 * 0.2 },
      ],
      600,
      20,
    );
    expect(use.energyKwh).toBeCloseTo(78.1, 12);
    expect(use.secKwh).toBeCloseTo(0.130_166_7, 7);
    expect(use.runSecKwh).toBeCloseTo(0.12, 12);
    expect((use.idleShare ?? 0) * 100).toBeCloseTo(7.682, 3);
    expect(use.scrapKwh).toBeCloseTo(2.519_355, 6);
  });

  it('T12: power over a gap of an hour counts 28.75 or 27.5 kWh at 50 % coverage and reports the gap', () => {
    const samples = [
      [0, 10],
      [0.25, 20],
      [0.5, 20],
      [1.5, 40],
      [2, 40],
    ].map(([hour = 0, kw = 0]) => [hour * HOUR, kw] as const);
    const maxGapMs = HOUR / 2;
    const trapezoid = integratePower(samples, { shape: 'trapezoid', maxGapMs });
    expect(trapezoid).toMatchObject({ measuredKwh: 28.75, coverage: 0.5 });
    expect(trapezoid?.gaps).toEqual([{ from: 0.5 * HOUR, to: 1.5 * HOUR }]);
    expect(integratePower(samples, { shape: 'stepped', maxGapMs })?.measuredKwh).toBe(27.5);
  });

  it('T13: 1 200 MWh are 504 tCO2 in Shanghai and 684.36 by a national factor, each with its set', async () => {
    const electricity: readonly CarrierAmount[] = [{ carrier: 'electricity', unit: 'kW.h', amount: 1_200_000 }];
    const shanghai = await shipped('shanghai-2022-carbon');
    expect(convert(electricity, shanghai)).toMatchObject({ total: 504_000, factorSet: 'shanghai-2022-carbon' });
    const national: FactorSet = {
      ...shanghai,
      id: 'national-2022',
      factors: [{ carrier: 'electricity', unit: 'kW.h', basis: 'calorific', value: 0.5703, source: 'national 2022' }],
    };
    expect(convert(electricity, national)).toMatchObject({ total: 684_360, factorSet: 'national-2022' });
  });

  it.each([
    ['KWH', 4_937_544],
    ['MWH', 5_068_616],
    ['WHR', 5_720_146],
    ['KWT', 4_937_556],
    ['WTT', 5_723_220],
    ['MAW', 5_062_999],
    ['GV', 18_262],
    ['3B', 13_122],
    ['KJO', 4_934_223],
    ['JOU', 4_869_973],
    ['MTQ', 5_067_857],
    ['KGM', 4_933_453],
    ['TNE', 5_525_061],
    ['H87', 4_732_983],
    ['C62', 4_404_786],
    ['HUR', 4_740_434],
  ])('T14: the unitId of %s is %i', (code, id) => {
    expect(unitIdOf(code)).toBe(id);
  });

  it('T15: a forecast just below the target is at risk, with probability 0.5497', () => {
    const { probability, verdict } = valueOf(meetProbability(0.4935, 0.493_75, 0.002));
    expect(probability).toBeCloseTo(0.5497, 4);
    expect(verdict).toBe('at-risk');
  });
});
