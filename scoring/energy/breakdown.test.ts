import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { breakDown, calendarSpans, labelSpans, shiftSpans, type PlantCalendar } from './breakdown.ts';
import { NO_SUMS } from './figure.ts';
import { LabelTimeline } from './label-timeline.ts';
import { exactTotal } from './quantum.ts';
import type { EnergyWindow } from './window.ts';

const ZONE = 'Asia/Shanghai';
const HOUR = 3_600_000;
const DAY = Date.parse('2026-03-02T00:00:00+08:00');
const calendar: PlantCalendar = {
  shifts: [
    { name: 'early', from: '08:00', to: '20:00' },
    { name: 'night', from: '20:00', to: '08:00' },
  ],
  dayStartsAt: '08:00',
  meterReadingDay: 25,
};
const hour = (index: number, sums: Partial<EnergyWindow> = {}): EnergyWindow => ({
  ...NO_SUMS,
  path: 'a/b/c',
  level: 'equipment',
  window: '1h',
  start: DAY + index * HOUR,
  end: DAY + (index + 1) * HOUR,
  state: 'final',
  revision: 0,
  ...sums,
});

describe('energy by shift, product and order', () => {
  it('gives each shift its hours; a night belongs to one shift although it crosses midnight', () => {
    const range = { from: DAY, to: DAY + 24 * HOUR };
    const windows = Array.from({ length: 24 }, (_, index) => hour(index, { energyKwh: index < 8 ? 1 : 10, output: 2 }));
    const groups = breakDown(windows, shiftSpans(calendar, range, ZONE));
    expect(groups.map(({ key, energyKwh, output, ms }) => [key, energyKwh, output, ms / HOUR])).toEqual([
      ['night', 8 + 40, 24, 12],
      ['early', 120, 24, 12],
    ]);
  });

  it('splits an hour in which the product changed by time and says so', () => {
    const timeline = new LabelTimeline();
    expect(timeline.set(' P-1 ', DAY)).toBe(true);
    expect(timeline.set('P-1', DAY + 1)).toBe(false);
    expect(timeline.set('P-2', DAY + HOUR / 4)).toBe(true);
    expect(timeline.set('', DAY + 2 * HOUR)).toBe(true);
    const range = { from: DAY, to: DAY + 3 * HOUR };
    const groups = breakDown(
      [hour(0, { energyKwh: 8 }), hour(1, { energyKwh: 5 }), hour(2, { energyKwh: 1 })],
      labelSpans(timeline.changes, range),
    );
    expect(groups).toMatchObject([
      { key: 'P-1', energyKwh: 2, split: true },
      { key: 'P-2', energyKwh: 11, split: true },
      { key: null, energyKwh: 1, split: false },
    ]);
  });

  it('names production days and meter-reading months by the plant’s calendar', () => {
    const range = { from: DAY, to: DAY + 24 * HOUR };
    expect(calendarSpans('day', calendar, range, ZONE).map(({ key }) => key)).toEqual(['2026-03-01', '2026-03-02']);
    const quarter = { from: DAY, to: Date.parse('2026-05-01T00:00:00+08:00') };
    expect(calendarSpans('month', calendar, quarter, ZONE).map(({ key }) => key)).toEqual([
      '2026-03',
      '2026-04',
      '2026-05',
    ]);
  });

  it('adds up to the windows to the last decimal, whatever the edges', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 5000, noNaN: true }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 12 * HOUR }), { maxLength: 20 }),
        (amounts, edges) => {
          const windows = amounts.map((amount, index) => hour(index, { energyKwh: exactTotal([amount]) }));
          const changes = [...new Set(edges)]
            .sort((a, b) => a - b)
            .map((at, index) => [DAY + at, index % 3 === 0 ? null : `P-${index % 4}`] as const);
          const groups = breakDown(windows, labelSpans(changes, { from: DAY, to: DAY + 12 * HOUR }));
          const total = exactTotal(groups.map(({ energyKwh }) => energyKwh));
          expect(total).toBe(exactTotal(windows.map(({ energyKwh }) => energyKwh)));
          const ms = groups.reduce((sum, group) => sum + group.ms, 0);
          expect(ms).toBe(windows.length * HOUR);
        },
      ),
    );
  });
});
