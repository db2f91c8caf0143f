import { describe, expect, it } from 'vitest';
import { NO_SUMS } from './figure.ts';
import { reportTarget, type TargetDay } from './target-report.ts';

const DAY = 86_400_000;
/** Days with energy = 120 + perUnit × output, fully measured. */
function plantDays(outputs: readonly number[], perUnit: (day: number) => number, scatter = 0): TargetDay[] {
  return outputs.map((output, index) => ({
    day: `2026-03-${String(index + 1).padStart(2, '0')}`,
    row: {
      ...NO_SUMS,
      path: '',
      level: 'site',
      window: '1d',
      start: index * DAY,
      end: (index + 1) * DAY,
      state: 'final',
      revision: 0,
      energyKwh: 120 + perUnit(index) * output + (index % 2 === 0 ? scatter : -scatter),
      output,
      coveredMs: DAY,
      expectedMs: DAY,
    },
  }));
}
const base = [820, 760, 905, 880, 940, 1010, 1055, 990, 930, 875];
const input = {
  id: 't',
  displayName: { en: 'Target' },
  path: '',
  basePeriod: { from: '2026-03-01', to: '2026-03-10' },
  reductions: [0.01, 0.015],
  founding: null,
};

describe('the target report', () => {
  it('names the ratio trap: more output alone lowers the ratio, the load-adjusted change is zero', () => {
    const report = reportTarget({
      ...input,
      days: plantDays([...base, ...base.map((output) => output * 1.05)], () => 0.45),
    });
    expect(report.rawChange).toBeLessThan(-0.01);
    expect(report.adjustedChange).toBeCloseTo(0, 9);
    expect(report.loadEffect).toBeCloseTo(report.rawChange ?? Number.NaN, 9);
    expect(report.levels[0]).toMatchObject({ rawVerdict: 'met', adjustedVerdict: 'not-met' });
  });

  it('calls a real saving met when scatter is small enough to tell', () => {
    const report = reportTarget({
      ...input,
      days: plantDays([...base, ...base], (day) => (day < 10 ? 0.45 : 0.43), 0.2),
    });
    expect(report.adjustedChange).toBeLessThan(-0.03);
    expect(report.levels.map((level) => level.adjustedVerdict)).toEqual(['met', 'met']);
  });

  it('shows the way down of a promise over several years', () => {
    const report = reportTarget({
      ...input,
      multiYear: { reduction: 0.135, years: 5, today: '2026-03-21' },
      days: plantDays([...base, ...base], (day) => (day < 10 ? 0.45 : 0.43)),
    });
    expect(report.multiYear?.years).toHaveLength(5);
    expect(report.multiYear?.years[0]).toMatchObject({
      from: '2026-03-11',
      to: '2027-03-10',
      days: 10,
      sec: report.current.sec,
      change: report.current.sec === null ? null : report.current.sec / (report.base.sec ?? 0) - 1,
      complete: false,
      verdict: 'met',
    });
  });

  it('says not distinguishable when scatter hides a small change', () => {
    const report = reportTarget({
      ...input,
      days: plantDays([...base, ...base], (day) => (day < 10 ? 0.45 : 0.4455), 25),
    });
    expect(report.levels[0]?.adjustedVerdict).toBe('not-distinguishable');
  });

  it('judges on unrounded values: -0.996 % is not -1.0 %', () => {
    const days = plantDays([1000, 1000], () => 0.88);
    const changed = days.map((day, index) =>
      index === 0 ? day : { ...day, row: { ...day.row, energyKwh: day.row.energyKwh * (1 - 0.009_96) } },
    );
    const report = reportTarget({ ...input, basePeriod: { from: '2026-03-01', to: '2026-03-01' }, days: changed });
    expect(report.levels[0]?.rawVerdict).toBe('not-met');
  });

  it('has no figure but a reason without a base', () => {
    const report = reportTarget({ ...input, days: [] });
    expect(report).toMatchObject({ rawChange: null, adjustedChange: null });
    expect(report.reason).toContain('no base');
    expect(report.levels.every((level) => level.rawVerdict === 'no-figure')).toBe(true);
  });

  it('leaves days without enough measured time out of both sides', () => {
    const days = plantDays([...base, 900], () => 0.45);
    const holey = days.map((day, index) => (index === 3 ? { ...day, row: { ...day.row, coveredMs: DAY / 2 } } : day));
    expect(reportTarget({ ...input, days: holey }).base.days).toBe(9);
  });

  it('decomposes the change by line; activity, structure and intensity add up to it exactly', () => {
    const days = plantDays([...base, ...base.map((output) => output * 1.07)], (day) => (day < 10 ? 0.45 : 0.43));
    const children = days.flatMap(({ day, row }) =>
      [0.3, 0.7].map((share, index) => ({
        day,
        row: {
          ...row,
          path: `line-${index}`,
          level: 'area' as const,
          energyKwh: row.energyKwh * share,
          output: row.output * (index === 0 ? 0.4 : 0.6),
        },
      })),
    );
    const { lmdi, rawChange, adjustedChange, loadEffect } = reportTarget({ ...input, days, children });
    const { activityKwhPerDay = 0, structureKwhPerDay = 0, intensityKwhPerDay = 0 } = lmdi ?? {};
    expect(activityKwhPerDay + structureKwhPerDay + intensityKwhPerDay).toBe(lmdi?.totalKwhPerDay);
    expect(intensityKwhPerDay + structureKwhPerDay + activityKwhPerDay).toBe(lmdi?.totalKwhPerDay);
    expect(activityKwhPerDay).toBeGreaterThan(0);
    expect(intensityKwhPerDay).toBeLessThan(0);
    expect((adjustedChange ?? 0) + (loadEffect ?? 0)).toBe(rawChange);
    const parts = lmdi?.parts ?? [];
    expect(parts.map(({ path }) => path)).toEqual(['line-0', 'line-1']);
    for (const effect of ['activityKwhPerDay', 'structureKwhPerDay', 'intensityKwhPerDay'] as const)
      expect(parts.reduce((sum, part) => sum + part[effect], 0)).toBe(lmdi?.[effect]);
  });

  it('gives the same bytes and hash for the same windows, and another hash for another revision', () => {
    const days = plantDays([...base, 900], () => 0.45);
    const report = reportTarget({ ...input, days });
    expect(JSON.stringify(reportTarget({ ...input, days: [...days] }))).toBe(JSON.stringify(report));
    expect(report.trace.hash).toMatch(/^[0-9a-f]{64}$/);
    const restated = days.map((day, index) => (index === 2 ? { ...day, row: { ...day.row, revision: 1 } } : day));
    expect(reportTarget({ ...input, days: restated }).trace.hash).not.toBe(report.trace.hash);
  });

  it('says what the rest of a plan may use and how likely the promise is met', () => {
    const days = plantDays([...base, ...base], (day) => (day < 10 ? 0.45 : 0.44), 2);
    const report = reportTarget({ ...input, days, plan: { to: '2026-03-30', output: 18_330 } });
    const { outlook, flatCutKwhPerDay } = report.levels[0] ?? {};
    expect(outlook?.neededSec).toBeCloseTo(
      (0.99 * (report.base.sec ?? 0) * 18_330 - report.current.energyKwh) / (18_330 - report.current.output),
      9,
    );
    expect(outlook).toMatchObject({ reason: null });
    expect(outlook?.probability).toBeGreaterThan(0);
    expect(flatCutKwhPerDay).toBeCloseTo((report.base.energyKwh / 10) * 0.01, 9);
  });
});
