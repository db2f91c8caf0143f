import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carrierScale } from './carrier-unit.ts';
import { metersOf } from './carrier-account.ts';
import { MachineSeries } from './machine-series.ts';
import { toNano } from './quantum.ts';
import { dayPrefix, QuarterBook, quartersIn, type SeriesInfo } from './quarter-book.ts';

const start = Date.UTC(2026, 2, 1, 22, 7);
const range = { kind: 'amount' as const, from: 0, to: Number.POSITIVE_INFINITY };

describe('quarters of a counter', () => {
  it('add up to last − first under rollovers, gaps and repeated readings, also over a restart at any place', () => {
    const steps = fc.array(
      fc.record({
        minutes: fc.integer({ min: 1, max: 3000 }),
        litres: fc.integer({ min: 0, max: 9000 }),
        twice: fc.boolean(),
        restart: fc.boolean(),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const store = new Map<string, string>();
        const issues: unknown[] = [];
        const open = (book: QuarterBook) =>
          new MachineSeries(
            'a/m',
            [{ name: 'Gas', role: 'energy-counter', carrier: 'natural-gas', unit: 'L', modulus: 100_000 }],
            { book, watched: new Set(), maxGapMs: 300_000, onIssue: (issue) => issues.push(issue) },
          );
        let book = new QuarterBook();
        let series = open(book);
        let at = start;
        let total = 0;
        const write = () => {
          for (const { name, body } of book.takeChanged(at)) store.set(name, body);
        };
        series.sample('Gas', 0, at);
        for (const { minutes, litres, twice, restart } of list) {
          at += minutes * 60_000;
          total += litres;
          series.sample('Gas', total % 100_000, at);
          if (twice) series.sample('Gas', total % 100_000, at);
          write();
          if (!restart) continue;
          const checkpoint = JSON.stringify(series.checkpoint());
          book = new QuarterBook();
          book.restore(
            [...store].filter(([name]) => name.startsWith('quarters/')).map(([name, body]) => ({ name, body })),
          );
          series = open(book);
          series.restore(JSON.parse(checkpoint) as ReturnType<MachineSeries['checkpoint']>);
        }
        write();
        const prefix = dayPrefix('amount/a/m#Gas');
        const rows = [...store].filter(([name]) => name.startsWith(prefix)).map(([name, body]) => ({ name, body }));
        const quarters = quartersIn(rows, range);
        expect(quarters.reduce((sum, quarter) => sum + toNano(quarter.sum), 0)).toBe(total * 1e6);
        expect(issues).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('that falls in a way nothing explains are counted as unresolved, and said', () => {
    const book = new QuarterBook();
    const issues: string[] = [];
    const series = new MachineSeries(
      'a/m',
      [{ name: 'Water', role: 'energy-counter', carrier: 'water', unit: 'm3', ratedMax: 1 }],
      { book, watched: new Set(), maxGapMs: 300_000, onIssue: ({ code }) => issues.push(code) },
    );
    [5000, 5000.01, 900, 900.01, 900.02, 900.03].forEach((value, minute) =>
      series.sample('Water', value, start + minute * 60_000),
    );
    const rows = book.takeChanged(start).filter(({ name }) => name.startsWith('quarters/'));
    const [quarter] = quartersIn(rows, range);
    expect(issues).toEqual(['COUNTER_UNRESOLVED']);
    expect(quarter?.unresolved).toBe(1);
    expect(quarter?.sum).toBeCloseTo(0.02, 9);
  });
});

it('units of carriers are mere scales; what needs a density, a pressure or a temperature is refused', () => {
  expect(carrierScale('natural-gas', 'L')).toEqual({ unit: 'm3', factor: 0.001 });
  expect(carrierScale('natural-gas', 'Nm3')).toEqual({ unit: 'Nm3', factor: 1 });
  expect(carrierScale('heat', 'GJ')?.factor).toBeCloseTo(1000, 9);
  expect(carrierScale('heat', 'kW.h')).toEqual({ unit: 'MJ', factor: 3.6 });
  expect(carrierScale('steam', 'kg')).toEqual({ unit: 't', factor: 0.001 });
  for (const [carrier, unit] of [
    ['natural-gas', 't'],
    ['heat', 'm3'],
    ['compressed-air', 'MJ'],
    ['steam', 'm3'],
    ['water', undefined],
  ] as const)
    expect(carrierScale(carrier, unit)).toBeNull();
});

it('a main meter of a carrier stands for its line, and one of electricity does not hide the gas meters of a line', () => {
  const meter = (path: string, carrier: string): SeriesInfo => ({
    kind: 'amount',
    path,
    tag: 'T',
    unit: 'm3',
    carrier,
  });
  const series = [
    meter('body/line/press', 'natural-gas'),
    meter('body/line/gas-house', 'natural-gas'),
    meter('body/line/press', 'water'),
    meter('tenant/line/oven', 'natural-gas'),
  ];
  const boundaries = { mainMeters: new Map([['body/line', 'body/line/gas-house']]), independent: new Set(['tenant']) };
  const found = (object: string) =>
    metersOf(object, series, boundaries).map(({ path, carrier }) => `${path} ${carrier}`);
  expect(found('body/line')).toEqual(['body/line/gas-house natural-gas', 'body/line/press water']);
  expect(found('')).toEqual(['body/line/gas-house natural-gas', 'body/line/press water']);
  expect(found('tenant')).toEqual(['tenant/line/oven natural-gas']);
  expect(found('body/line/press')).toEqual(['body/line/press natural-gas', 'body/line/press water']);
});
