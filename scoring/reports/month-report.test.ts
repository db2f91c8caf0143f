import { describe, expect, it } from 'vitest';
import { accountOf } from '../energy/account.ts';
import { dayWindows, reportInput, sampleReport } from '../../tests/support/report-plant.ts';
import { buildMonthReport, type ReportRow } from './month-report.ts';

const rowOf = (rows: readonly ReportRow[], path: string): ReportRow => {
  const row = rows.find(({ object }) => object.path === path);
  if (row === undefined) throw new Error(`no row ${path}`);
  return row;
};

describe('the month report', () => {
  it('has the same standard coal and carbon as the account of the month', async () => {
    const input = await reportInput();
    const report = buildMonthReport(input);
    for (const row of report.rows) {
      const days = input.windows.filter(
        ({ path, start }) => path === row.object.path && start >= input.month.from && start < input.month.to,
      );
      const account = accountOf(days, input.rules);
      expect(row.kgceCalorific.value).toBe(account.kgceCalorific.value);
      expect(row.kgceEquivalent.value).toBe(account.kgceEquivalent.value);
      expect(row.kgCO2.value).toBe(account.kgCO2.value);
    }
  });

  it('compares ratios of sums with the month before and the year before', async () => {
    const { rows } = await sampleReport();
    const { month, previous, changePrevious, changeYear } = rowOf(rows, 'body/press/p-1');
    expect(changePrevious.value).toBeCloseTo((month.figure.sec ?? 0) / (previous.figure.sec ?? 1) - 1, 12);
    expect(changeYear.value).toBeCloseTo(0.985 / 1.01 - 1, 9);
  });

  it('puts raw and load-adjusted change beside one another, for the month and since the base', async () => {
    const { targets } = await sampleReport();
    const [target] = targets;
    expect(target?.month.rawChange).toBeLessThan(-0.01);
    expect(target?.month.adjustedChange).toBeCloseTo(-0.015, 6);
    expect(target?.toDate.current.days).toBe(31);
  });

  it('counts a day without data as not measured instead of leaving it out', async () => {
    const whole = await reportInput();
    const from = whole.month.from;
    const holes = new Set([3, 4, 5].map((day) => from + day * 86_400_000));
    const report = buildMonthReport({
      ...whole,
      windows: whole.windows.filter(({ start, path }) => !(path === 'body/press/p-2' && holes.has(start))),
    });
    const row = rowOf(report.rows, 'body/press/p-2');
    expect(row.month.daysMeasured).toBe(28);
    expect(row.month.figure.coverage).toBeCloseTo(28 / 31, 12);
    expect(row.month.figure.class).toBe('C');
    expect(rowOf(report.rows, 'body/press/p-1').month.figure.class).toBe('A');
  });

  it('gives no figure and its reason below 80 %, and never 0', async () => {
    const whole = await reportInput();
    const report = buildMonthReport({
      ...whole,
      windows: [
        ...whole.windows.filter(({ path }) => path !== 'body/press/p-2' && path !== 'body/press/p-1'),
        ...dayWindows('body/press/p-2', 'equipment', '2026-10', (index) =>
          index < 10 ? { energyKwh: 100, output: 50 } : null,
        ),
      ],
    });
    const partial = rowOf(report.rows, 'body/press/p-2');
    expect(partial.month.figure).toMatchObject({ sec: null, reason: 'low-coverage', class: null });
    expect(partial.kgceCalorific).toEqual({ value: null, reason: 'low-coverage' });
    const silent = rowOf(report.rows, 'body/press/p-1');
    expect(silent.month.figure).toMatchObject({ energyKwh: null, sec: null, reason: 'no-data' });
    expect([silent.kgceEquivalent, silent.changeYear]).toEqual([
      { value: null, reason: 'no-data' },
      { value: null, reason: 'no-data' },
    ]);
  });

  it('has no equivalent value without an agreed rate, and still the calorific one', async () => {
    const input = await reportInput();
    const { rows, intensity } = buildMonthReport({ ...input, rules: { ...input.rules, electricityEquivalent: null } });
    expect(rows[0]?.kgceEquivalent).toEqual({ value: null, reason: 'no-factor' });
    expect(rows[0]?.kgceCalorific.value).toBeGreaterThan(0);
    expect(intensity.equivalent.value).toEqual({ value: null, reason: 'no-factor' });
  });

  it('has no energy per value added before accounting has booked the month', async () => {
    const { intensity } = await sampleReport({ valueAdded: new Map() });
    expect(intensity.calorific.value).toEqual({ value: null, reason: 'no-value-added' });
  });

  it('is provisional while the month runs, and does not expect days to come', async () => {
    const input = await reportInput();
    const asOf = input.month.from + 10 * 86_400_000;
    const report = buildMonthReport({ ...input, asOf, windows: input.windows.filter(({ start }) => start < asOf) });
    expect(report.state).toBe('provisional');
    expect(report.rows[0]?.month.days).toHaveLength(10);
    expect(report.rows[0]?.month.figure.class).toBe('A');
  });

  it('grades an object with a quota on unrounded values', async () => {
    const { rows } = await sampleReport();
    const { quota } = rowOf(rows, 'body/press');
    expect(quota?.grade).toBe('2');
    const limit = quota?.value ?? 0;
    const rule = { path: 'body/press', basis: 'calorific' as const, access: 1, limit: 2, source: 's' };
    const exact = await sampleReport({ quotas: [{ ...rule, advanced: limit }] });
    expect(rowOf(exact.rows, 'body/press').quota?.grade).toBe('1');
    const below = await sampleReport({ quotas: [{ ...rule, advanced: limit - 1e-12 }] });
    expect(rowOf(below.rows, 'body/press').quota?.grade).toBe('2');
  });

  it('has the same hash for the same data and another for a changed day, factor or name', async () => {
    const input = await reportInput();
    const { hash } = buildMonthReport(input);
    expect(buildMonthReport({ ...(await reportInput()), asOf: input.asOf + 1e9 }).hash).toBe(hash);
    const late = input.windows.map((row, index) => (index === 0 ? { ...row, revision: row.revision + 1 } : row));
    expect(buildMonthReport({ ...input, windows: late }).hash).not.toBe(hash);
    const rules = { ...input.rules, electricityEquivalent: { kgcePerKwh: 0.3, source: 'x' } };
    expect(buildMonthReport({ ...input, rules }).hash).not.toBe(hash);
  });
});
