import { Type } from 'typebox';
import { carrierFigures, metersOf, type CarrierFigure } from '../../energy/carrier-account.ts';
import type { TimeRange } from '../../store/metric-store.ts';
import { readQuarters, seriesOf } from '../../store/quarter-rows.ts';
import { nullable } from '../schema-parts.ts';
import type { RouteDeps } from './route.ts';

export const CarrierView = Type.Object({
  carrier: Type.String(),
  unit: Type.String({ description: 'm3, Nm3, t or MJ.' }),
  amount: Type.Number(),
  estimated: Type.Number({ description: 'Of amount: spread over gaps.' }),
  unresolved: Type.Integer({ description: 'Counter steps nobody can explain, in no sum.' }),
  meters: Type.Array(Type.String()),
  kgce: nullable(Type.Number({ description: 'Calorific.' })),
  reason: nullable(Type.String()),
  note: nullable(Type.String()),
  factorSets: Type.Array(Type.String()),
});

/** Carriers beside electricity that an object used in a range. */
export async function carriersIn(
  path: string,
  range: TimeRange,
  { store, time, accounts }: Pick<RouteDeps, 'store' | 'time' | 'accounts'>,
): Promise<CarrierFigure[]> {
  const known = await seriesOf(store, 'amount');
  const series = await Promise.all(
    metersOf(path, known, accounts.boundaries).map(async (info) => ({
      info,
      quarters: await readQuarters(store, info, range),
    })),
  );
  return carrierFigures(series, accounts, (at) => time.toIso(at).slice(0, 10));
}
