import { Type } from 'typebox';
import { accountOf, type EnergyAccount } from '../../energy/account.ts';
import type { CarrierFigure } from '../../energy/carrier-account.ts';
import { exactSum } from '../../energy/decimal.ts';
import { exactTotal } from '../../energy/quantum.ts';
import { tariffLevels } from '../../energy/tariff.ts';
import { allocatedIn } from './allocation.ts';
import { carriersIn, CarrierView } from './carriers.ts';
import { requireNode } from '../nearest-path.ts';
import { energyRangeOf } from '../query-range.ts';
import { Instant, nullable, unitsOf } from '../schema-parts.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const Amount = Type.Object({
  value: nullable(Type.Number()),
  reason: nullable(Type.String()),
  factorSets: Type.Array(Type.String()),
  source: nullable(Type.String()),
});
const Account = Type.Object({
  energyKwh: Type.Number(),
  output: Type.Number(),
  idleKwh: Type.Number(),
  kgceCalorific: Amount,
  kgceEquivalent: Amount,
  kgCO2: Amount,
  tariff: nullable(
    Type.Object({
      plan: Type.String(),
      parts: Type.Array(
        Type.Object({ level: Type.Enum(tariffLevels), kwh: Type.Number(), cost: nullable(Type.Number()) }),
      ),
      cost: nullable(Type.Number()),
      idleCost: nullable(Type.Number()),
      estimated: Type.Boolean(),
    }),
  ),
  perOutput: Type.Object({
    kwh: nullable(Type.Number()),
    kgceCalorific: nullable(Type.Number()),
    kgceEquivalent: nullable(Type.Number()),
    kgCO2: nullable(Type.Number()),
    cost: nullable(Type.Number()),
  }),
  trace: Type.Object({
    figure: Type.String(),
    inputs: Type.Unknown(),
    codeVersion: Type.String(),
    hash: Type.String(),
  }),
});

const units = unitsOf({
  energyKwh: 'kW.h',
  output: '{eq}',
  kgce: 'kgce',
  kgCO2: 'kg',
  cost: 'CNY',
});

const AccountAnswer = Type.Object({
  path: Type.String(),
  units: units.schema,
  from: Instant,
  to: Instant,
  account: Account,
  /** The objects right below, and what none of them explains: `account.energyKwh` less their sum. */
  parts: Type.Array(Type.Object({ path: Type.String(), energyKwh: Type.Number(), output: Type.Number() })),
  residualKwh: nullable(Type.Number()),
  /** Carriers beside electricity, by counters in their own unit. */
  carriers: Type.Array(CarrierView),
  /** 综合能耗: electricity and all carriers; null where one of them has no figure. */
  comprehensive: Type.Object({
    kgceCalorific: nullable(Type.Number()),
    kgceEquivalent: nullable(Type.Number()),
    reason: nullable(Type.String()),
  }),
  /** What this object is given of shared utilities, beside its own energy. */
  allocated: Type.Array(
    Type.Object({
      rule: Type.String(),
      version: Type.String(),
      utility: Type.String(),
      drivers: Type.Array(Type.String()),
      allocatedKwh: Type.Number(),
    }),
  ),
  /** Own and allocated energy; null where nothing is allocated to the object. */
  withAllocated: nullable(Type.Object({ energyKwh: Type.Number(), kwhPerOutput: nullable(Type.Number()) })),
});

const AccountQuery = Type.Object({
  path: Type.String({ default: '', description: 'Equipment path; empty = site.' }),
  from: Type.Optional(Type.String({ description: 'ISO 8601 instant or date; default: 24 hours back.' })),
  to: Type.Optional(Type.String({ description: 'ISO 8601 instant or date, exclusive; default: now.' })),
});

/** What an object used, in kgce on both bases, kg CO₂ and yuan by tariff period, with the trace of every figure. */
export function accountRoute(app: ApiApp, { view, store, now, time, accounts }: RouteDeps): void {
  app.get(
    '/api/v1/account',
    {
      config: { etag: true },
      schema: {
        tags: ['energy'],
        summary: 'Standard coal, carbon and cost',
        querystring: AccountQuery,
        response: { 200: AccountAnswer, ...problemAnswers },
      },
    },
    async ({ query }) => {
      const { path } = query;
      requireNode(view, path);
      const range = energyRangeOf({ ...query, window: '1h' }, { time, now: now() });
      const account = accountOf(await store.readWindows({ path, window: '1h', ...range }), accounts);
      const meter = accounts.boundaries.mainMeters.get(path);
      const children = view
        .equipment()
        .filter(
          (node) => node.parent === path && node.path !== meter && !accounts.boundaries.independent.has(node.path),
        );
      const parts = await Promise.all(
        children.map(async (child) => {
          const windows = await store.readWindows({ path: child.path, window: '1h', ...range });
          return {
            path: child.path,
            energyKwh: exactTotal(windows.map(({ energyKwh }) => energyKwh)),
            output: exactTotal(windows.map(({ output }) => output)),
          };
        }),
      );
      const shares = accounts.allocations.filter(({ consumers }) => consumers.some((one) => one.path === path));
      const allocated = (await allocatedIn(shares, store, range)).map((found) => ({
        rule: found.rule,
        version: found.version,
        utility: found.utility,
        drivers: found.drivers.map(({ driver }) => driver ?? 'none'),
        allocatedKwh: found.rows.find((row) => row.path === path)?.allocatedKwh ?? 0,
      }));
      const carriers = await carriersIn(path, range, { store, time, accounts });
      const whole = exactTotal([account.energyKwh, ...allocated.map(({ allocatedKwh }) => allocatedKwh)]);
      return {
        path,
        units: units.value,
        from: time.toIso(range.from),
        to: time.toIso(range.to),
        account: viewAccount(account),
        parts,
        residualKwh:
          parts.length === 0 ? null : exactTotal([account.energyKwh, ...parts.map(({ energyKwh }) => -energyKwh)]),
        carriers: carriers.map(({ meters, factorSets, ...rest }) => ({
          ...rest,
          meters: [...meters],
          factorSets: [...factorSets],
        })),
        comprehensive: comprehensiveOf(account, carriers),
        allocated,
        withAllocated:
          allocated.length === 0
            ? null
            : { energyKwh: whole, kwhPerOutput: account.output > 0 ? whole / account.output : null },
      };
    },
  );
}

/** F1 over all carriers. One without a figure leaves no sum: it would be too small. */
function comprehensiveOf({ kgceCalorific, kgceEquivalent }: EnergyAccount, carriers: readonly CarrierFigure[]) {
  const missing = carriers.find(({ kgce }) => kgce === null);
  const sum = (electricity: number | null): number | null =>
    electricity === null || missing !== undefined
      ? null
      : exactSum([electricity, ...carriers.map(({ kgce }) => kgce ?? 0)]);
  return {
    kgceCalorific: sum(kgceCalorific.value),
    kgceEquivalent: sum(kgceEquivalent.value),
    reason:
      missing === undefined
        ? (kgceCalorific.reason ?? kgceEquivalent.reason)
        : `${missing.carrier} in ${missing.unit}: ${missing.reason ?? 'no figure'}`,
  };
}

function viewAccount({ kgceCalorific, kgceEquivalent, kgCO2, tariff, trace, ...rest }: EnergyAccount) {
  const amount = (one: EnergyAccount['kgCO2']) => ({ ...one, factorSets: [...one.factorSets] });
  const { result: _result, ...shown } = trace;
  return {
    ...rest,
    kgceCalorific: amount(kgceCalorific),
    kgceEquivalent: amount(kgceEquivalent),
    kgCO2: amount(kgCO2),
    tariff: tariff === null ? null : { ...tariff, parts: [...tariff.parts] },
    trace: shown,
  };
}
