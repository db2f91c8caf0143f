import { describe, expect, it } from 'vitest';
import { JoulegateError } from '../../broker/contract/error.ts';
import { meterReadingMonth } from '../energy/calendar.ts';
import { monthAt, monthSpan, requireMonth, shiftMonth } from './month.ts';

describe('the days of a month', () => {
  it('are the local days of the calendar month when meters are read on the 1st', () => {
    const span = monthSpan('2026-10', 'Asia/Shanghai', 1);
    expect(span.days.map(({ day }) => day)).toHaveLength(31);
    expect([new Date(span.from).toISOString(), new Date(span.to).toISOString()]).toEqual([
      '2026-09-30T16:00:00.000Z',
      '2026-10-31T16:00:00.000Z',
    ]);
  });

  it('run from reading day to reading day, the month named by the one it ends in', () => {
    const { days } = monthSpan('2026-03', 'Asia/Shanghai', 25);
    expect([days[0]?.day, days.at(-1)?.day]).toEqual(['2026-02-25', '2026-03-24']);
  });

  it('take the last day of a month that has no reading day', () => {
    const { days } = monthSpan('2026-03', 'Asia/Shanghai', 31);
    expect([days[0]?.day, days.at(-1)?.day]).toEqual(['2026-02-28', '2026-03-30']);
  });

  it('follow one another without gap or overlap, whatever the reading day', () => {
    for (const readingDay of [1, 15, 29, 31]) {
      for (let month = '2023-11'; month < '2024-12'; month = shiftMonth(month, 1)) {
        expect(monthSpan(month, 'Europe/Berlin', readingDay).to).toBe(
          monthSpan(shiftMonth(month, 1), 'Europe/Berlin', readingDay).from,
        );
      }
    }
  });

  it('know days of 23 and 25 hours', () => {
    const hours = (day: string, month: string) => {
      const found = monthSpan(month, 'Europe/Berlin', 1).days.find((one) => one.day === day);
      return found === undefined ? null : (found.end - found.start) / 3_600_000;
    };
    expect([hours('2026-03-29', '2026-03'), hours('2026-10-25', '2026-10')]).toEqual([23, 25]);
  });
});

describe('a month', () => {
  it.each(['2026-13', '2026-1', '', '26-10', '2026-10-01', '=1+1', '9999-01'])('is not %j', (text) => {
    expect(() => requireMonth(text)).toThrow(JoulegateError);
  });

  it('an instant lies in is the one whose days hold it', () => {
    const zone = 'Asia/Shanghai';
    for (const readingDay of [1, 25]) {
      for (const month of ['2026-01', '2026-12']) {
        const { from, to } = monthSpan(month, zone, readingDay);
        expect([monthAt(from, zone, readingDay), monthAt(to - 1, zone, readingDay)]).toEqual([month, month]);
      }
    }
  });
});

describe('the months of reports and of the breakdown', () => {
  it('have the same names and edges, whatever the reading day', () => {
    const zone = 'Asia/Shanghai';
    for (const readingDay of [1, 2, 15, 25, 31]) {
      for (const month of ['2026-02', '2026-03', '2026-11', '2026-12']) {
        const { from, to } = monthSpan(month, zone, readingDay);
        for (const instant of [from, to - 1])
          expect(meterReadingMonth(instant, zone, readingDay)).toEqual({ day: month, start: from, end: to });
      }
    }
  });
});
