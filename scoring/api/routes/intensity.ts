import { Type } from 'typebox';
import { accountOf } from '../../energy/account.ts';
import type { Outcome } from '../../energy/intensity.ts';
import { compareMonths, type IntensityMonth, type ValueAddedIntensity } from '../../energy/value-added.ts';
import { ValueAddedEntry } from '../../store/value-added-book.ts';
import { ApiError } from '../api-error.ts';
import { Instant, nullable } from '../schema-parts.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const Month = Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$', examples: ['2026-01'] });
const Booked = Type.Object({ ...ValueAddedEntry.properties, by: Type.String(), at: Instant });
const Period = Type.Object({
  energyTce: nullable(Type.Number()),
  valueAdded: nullable(Type.Number({ description: '10⁴ yuan at comparable prices.' })),
  intensity: nullable(Type.Number({ description: 'tce per 10⁴ yuan.' })),
  reason: nullable(Type.String()),
});
const IntensityQuery = Type.Object({
  baseFrom: Month,
  baseTo: Month,
  from: Month,
  to: Month,
  basis: Type.Enum(['calorific', 'equivalent'], { default: 'calorific' }),
});
const IntensityAnswer = Type.Object({
  basis: Type.Enum(['calorific', 'equivalent']),
  units: Type.Object({ energy: Type.Literal('tce'), valueAdded: Type.String(), intensity: Type.String() }),
  base: Period,
  current: Period,
  change: nullable(Type.Number({ description: 'Signed fraction; a fall is negative.' })),
  reason: nullable(Type.String()),
  provisional: Type.Boolean({ description: 'At least one month is not final.' }),
});

const MOST_MONTHS = 240;

/** Energy per value added at comparable prices, and the book of value added it rests on. */
export function intensityRoutes(app: ApiApp, { store, time, now, accounts, valueAdded }: RouteDeps): void {
  app.get(
    '/api/v1/value-added',
    {
      config: { etag: true },
      schema: {
        tags: ['energy'],
        summary: 'Value added by month, every entry that was made',
        response: { 200: Type.Object({ items: Type.Array(Booked) }), ...problemAnswers },
      },
    },
    async () => ({ items: (await valueAdded.all()).map((entry) => ({ ...entry, at: time.toIso(entry.at) })) }),
  );
  app.post(
    '/api/v1/value-added',
    {
      schema: {
        tags: ['energy'],
        summary: 'Book value added of months',
        description:
          'Without a bearer token the headers "x-joulegate: console" and "content-type: application/json" are needed.',
        body: Type.Object({ items: Type.Array(ValueAddedEntry, { minItems: 1, maxItems: MOST_MONTHS }) }),
        response: { 200: Type.Object({ items: Type.Array(Booked) }), ...problemAnswers },
      },
    },
    async ({ body, caller }) => {
      const booked = await valueAdded.book(body.items, caller, now());
      return { items: booked.map((entry) => ({ ...entry, at: time.toIso(entry.at) })) };
    },
  );
  app.get(
    '/api/v1/intensity',
    {
      config: { etag: true },
      schema: {
        tags: ['energy'],
        summary: 'Energy per value added at comparable prices',
        querystring: IntensityQuery,
        response: { 200: IntensityAnswer, ...problemAnswers },
      },
    },
    async ({ query }) => {
      const book = await valueAdded.current();
      const monthOf = async (month: string): Promise<IntensityMonth> => {
        const range = { from: startOf(month), to: startOf(nextMonth(month)) };
        const windows = await store.readWindows({ path: '', window: '1d', ...range });
        const account = accountOf(windows, accounts);
        const amount = query.basis === 'calorific' ? account.kgceCalorific : account.kgceEquivalent;
        const entry = book.get(month);
        return {
          month,
          energyTce: amount.value === null ? null : amount.value / 1000,
          energyReason: amount.reason,
          nominal: entry?.nominal ?? null,
          priceIndex: entry?.priceIndex ?? null,
        };
      };
      const baseMonths = monthsOf(query.baseFrom, query.baseTo);
      const months = monthsOf(query.from, query.to);
      const { base, current, change } = compareMonths(
        await Promise.all(baseMonths.map(monthOf)),
        await Promise.all(months.map(monthOf)),
      );
      return {
        basis: query.basis,
        units: { energy: 'tce' as const, valueAdded: '10⁴ CNY', intensity: 'tce/10⁴ CNY' },
        base: viewPeriod(base),
        current: viewPeriod(current),
        change: change.kind === 'figure' ? change.value : null,
        reason: change.kind === 'figure' ? null : change.reason,
        provisional: [...baseMonths, ...months].some((month) => book.get(month)?.status === 'provisional'),
      };
    },
  );

  const startOf = (month: string): number => time.parse(`${month}-01`) ?? Number.NaN;
}

function viewPeriod(outcome: Outcome<ValueAddedIntensity>) {
  return outcome.kind === 'figure'
    ? { ...outcome.value, reason: null }
    : { energyTce: null, valueAdded: null, intensity: null, reason: outcome.reason };
}

const nextMonth = (month: string): string => {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
};

/** @throws ApiError QUERY_INVALID for a period that ends before it begins, or is too long. */
function monthsOf(from: string, to: string): string[] {
  const months: string[] = [];
  for (let month = from; month <= to && months.length <= MOST_MONTHS; month = nextMonth(month)) months.push(month);
  if (months.length > 0 && months.length <= MOST_MONTHS) return months;
  throw new ApiError('QUERY_INVALID', {
    en: `the period ${from} to ${to} is empty or longer than ${MOST_MONTHS} months`,
    zh: `期间 ${from} 至 ${to} 为空或超过 ${MOST_MONTHS} 个月`,
  });
}
