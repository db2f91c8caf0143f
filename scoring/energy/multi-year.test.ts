import { expect, it } from 'vitest';
import { multiYearPath } from './multi-year.ts';

const promise = { reduction: 0.135, years: 5 };

it('the way down falls by the same share each year and ends at the promise', () => {
  const { yearlyReduction, years } = multiYearPath(promise, [], {
    baseSec: 0.5,
    baseTo: '2025-12-31',
    today: '2026-02-01',
  });
  expect(yearlyReduction).toBeCloseTo(0.028_589, 6);
  expect((1 - yearlyReduction) ** 5).toBeCloseTo(1 - 0.135, 12);
  expect(years.map(({ from, to }) => [from, to])).toEqual([
    ['2026-01-01', '2026-12-31'],
    ['2027-01-01', '2027-12-31'],
    ['2028-01-01', '2028-12-31'],
    ['2029-01-01', '2029-12-31'],
    ['2030-01-01', '2030-12-31'],
  ]);
  expect(years.at(-1)?.targetSec).toBeCloseTo(0.4325, 12);
  expect(years.map(({ verdict, complete }) => [verdict, complete])).toEqual(
    Array.from({ length: 5 }, () => ['no-figure', false]),
  );
});

it('each year is judged against its own step, by the ratio of its sums', () => {
  const day = (date: string, sec: number) => ({ day: date, energyKwh: sec * 1000, output: 1000 });
  const { years } = multiYearPath(
    promise,
    [day('2025-12-31', 0.5), day('2026-06-01', 0.48), day('2026-06-02', 0.49), day('2027-06-01', 0.48)],
    { baseSec: 0.5, baseTo: '2025-12-31', today: '2027-06-02' },
  );
  expect(years[0]).toMatchObject({ sec: 0.485, days: 2, complete: true, verdict: 'met' });
  expect(years[0]?.change).toBeCloseTo(-0.03, 12);
  // 4 % down, when the second year promises 5.6 %.
  expect(years[1]).toMatchObject({ days: 1, complete: false, verdict: 'not-met' });
  expect(years[2]).toMatchObject({ sec: null, change: null, verdict: 'no-figure' });
});

it('no base, no way down; a base that ends on 29 February is followed year by year', () => {
  const { years } = multiYearPath({ reduction: 0.03, years: 2 }, [], {
    baseSec: null,
    baseTo: '2024-02-29',
    today: '2024-03-01',
  });
  expect(years).toMatchObject([
    { from: '2024-03-01', to: '2025-02-28', targetSec: null },
    { from: '2025-03-01', to: '2026-02-28', targetSec: null },
  ]);
});
