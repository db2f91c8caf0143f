import { Type } from 'typebox';
import { allocateRange, type AllocatedRange, type AllocationRule } from '../../energy/allocation-rule.ts';
import type { EnergyWindow } from '../../energy/window.ts';
import type { TimeRange } from '../../store/metric-store.ts';
import { energyRangeOf } from '../query-range.ts';
import { Instant, nullable, unitsOf } from '../schema-parts.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const units = unitsOf({ totalKwh: 'kW.h', allocatedKwh: 'kW.h', plantIdleKwh: 'kW.h', residualKwh: 'kW.h' });
const AllocationAnswer = Type.Object({
  units: units.schema,
  from: Instant,
  to: Instant,
  items: Type.Array(
    Type.Object({
      rule: Type.String(),
      version: Type.String(),
      utility: Type.String(),
      totalKwh: Type.Number(),
      drivers: Type.Array(Type.Object({ driver: nullable(Type.String()), hours: Type.Integer() })),
      fallbacks: Type.Array(Type.String()),
      /** Σ allocatedKwh + plantIdleKwh + residualKwh = totalKwh. */
      rows: Type.Array(
        Type.Object({ path: Type.String(), share: nullable(Type.Number()), allocatedKwh: Type.Number() }),
      ),
      plantIdleKwh: Type.Number(),
      residualKwh: Type.Number(),
    }),
  ),
});

/** How the energy of shared utilities was given to those they serve. */
export function allocationRoute(app: ApiApp, { store, now, time, accounts }: RouteDeps): void {
  app.get(
    '/api/v1/allocation',
    {
      config: { etag: true },
      schema: {
        tags: ['energy'],
        summary: 'Energy of shared utilities by consumer',
        querystring: Type.Object({
          from: Type.Optional(Type.String({ description: 'ISO 8601 instant or date; default: 24 hours back.' })),
          to: Type.Optional(Type.String({ description: 'ISO 8601 instant or date, exclusive; default: now.' })),
        }),
        response: { 200: AllocationAnswer, ...problemAnswers },
      },
    },
    async ({ query }) => {
      const range = energyRangeOf({ ...query, window: '1h' }, { time, now: now() });
      const items = await allocatedIn(accounts.allocations, store, range);
      return {
        units: units.value,
        from: time.toIso(range.from),
        to: time.toIso(range.to),
        items: items.map(({ drivers, fallbacks, rows, ...rest }) => ({
          ...rest,
          drivers: [...drivers],
          fallbacks: [...fallbacks],
          rows: [...rows],
        })),
      };
    },
  );
}

/** What came of these rules in a range. */
export async function allocatedIn(
  rules: readonly AllocationRule[],
  store: RouteDeps['store'],
  range: TimeRange,
): Promise<AllocatedRange[]> {
  const paths = new Set(
    rules.flatMap(({ utility, consumers }) => [
      utility,
      ...consumers.flatMap(({ path, meter }) => (meter === null ? [path] : [path, meter])),
    ]),
  );
  const windows = new Map<string, readonly EnergyWindow[]>();
  for (const path of paths) windows.set(path, await store.readWindows({ path, window: '1h', ...range }));
  return rules.map((rule) => allocateRange(rule, (path) => windows.get(path) ?? []));
}
