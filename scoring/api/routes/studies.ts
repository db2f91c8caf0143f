import { accountOf } from '../../energy/account.ts';
import { studyBaseline } from '../../energy/baseline-study.ts';
import { addSums, figureOf } from '../../energy/figure.ts';
import { exactTotal } from '../../energy/quantum.ts';
import type { TimeRange } from '../../store/metric-store.ts';
import { requireNode } from '../nearest-path.ts';
import { energyRangeOf, rangeOf } from '../query-range.ts';
import { BaselineAnswer, FlowAnswer, FlowQuery, RankingAnswer, RankingQuery, StudyQuery } from '../study-schemas.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const DEFAULT_DAYS = 7;

/** What stands beside a figure: its base model, the ranking by excess, and where the energy goes. */
export function studyRoutes(app: ApiApp, { view, store, now, time, accounts }: RouteDeps): void {
  /** Ranges of studies are checked like hourly ones, so that none asks for more than the store should give. */
  const rangeIn = (query: { readonly from?: string; readonly to?: string }): TimeRange => {
    const asked = rangeOf(query, { time, now: now(), start: (to) => time.daysBefore(to, DEFAULT_DAYS) });
    return energyRangeOf(
      { from: time.toIso(asked.from), to: time.toIso(asked.to), window: '1h' },
      { time, now: now() },
    );
  };

  app.get(
    '/api/v1/baseline',
    {
      schema: {
        tags: ['energy'],
        summary: 'Base model of energy by output, its validity and CUSUM',
        querystring: StudyQuery,
        response: { 200: BaselineAnswer, ...problemAnswers },
      },
    },
    async ({ query }): Promise<BaselineAnswer> => {
      requireNode(view, query.path);
      const range = rangeIn(query);
      const baseFrom = time.daysBefore(range.from, query.baseDays);
      const windows = await store.readWindows({ path: query.path, window: '1d', from: baseFrom, to: range.to });
      const { days, fit, validity, bandKwh, baseLoadShare, ...sums } = studyBaseline(windows, range.from);
      const slope = fit?.slopes[0];
      const outputs = fit?.ranges[0];
      return {
        path: query.path,
        baseFrom: time.toIso(baseFrom),
        from: time.toIso(range.from),
        to: time.toIso(range.to),
        units: { energy: 'kW.h', output: '{eq}', slope: 'kW.h/{eq}' },
        model:
          fit === null || slope === undefined || outputs === undefined
            ? null
            : {
                interceptKwh: fit.intercept.value,
                slopeKwhPerUnit: slope.value,
                r2: fit.r2,
                cvRmse: fit.cvRmse,
                slopeP: slope.p,
                days: fit.n,
                bandKwh: bandKwh ?? 0,
                baseLoadShare: baseLoadShare ?? 0,
                minOutput: outputs.min,
                maxOutput: outputs.max,
              },
        validity: validity === null ? null : { valid: validity.valid, checks: [...validity.checks] },
        ...sums,
        days: days.map(({ start, ...day }) => ({ ...day, day: time.toIso(start).slice(0, 10) })),
      };
    },
  );

  app.get(
    '/api/v1/ranking',
    {
      schema: {
        tags: ['energy'],
        summary: 'Machines by energy beyond their base, with idle energy and cost',
        querystring: RankingQuery,
        response: { 200: RankingAnswer, ...problemAnswers },
      },
    },
    async ({ query }): Promise<RankingAnswer> => {
      const range = rangeIn(query);
      const baseFrom = time.daysBefore(range.from, query.baseDays);
      const machines = view.equipment().filter(({ level }) => level === 'equipment');
      const days = groupByPath(await store.readAllWindows({ window: '1d', from: baseFrom, to: range.to }));
      const hours = groupByPath(await store.readAllWindows({ window: '1h', ...range }));
      const items = machines.map(({ path }) => {
        const own = hours.get(path) ?? [];
        const figure = figureOf(addSums(own));
        const { tariff } = accountOf(own, accounts);
        const study = studyBaseline(days.get(path) ?? [], range.from);
        const excessReason =
          study.fit === null
            ? ('no-baseline' as const)
            : study.validity?.valid !== true
              ? ('baseline-not-valid' as const)
              : study.energyKwh === null || study.expectedKwh === null
                ? ('no-days' as const)
                : null;
        const excessKwh = excessReason === null ? (study.energyKwh ?? 0) - (study.expectedKwh ?? 0) : null;
        const cost = tariff?.cost ?? null;
        const price = cost === null || (figure.energyKwh ?? 0) <= 0 ? null : cost / (figure.energyKwh ?? 1);
        return {
          path,
          energyKwh: figure.energyKwh,
          output: figure.output,
          sec: figure.sec,
          reason: figure.reason,
          class: figure.class,
          expectedKwh: excessReason === null ? study.expectedKwh : null,
          excessKwh,
          excessReason,
          excessCost: price === null || excessKwh === null ? null : excessKwh * price,
          idleKwh: figure.idleKwh,
          idleShare: figure.idleShare,
          idleHours: figure.idleHours,
          idleCost: tariff?.idleCost ?? null,
          cost,
        };
      });
      const weight = (value: number | null) => value ?? Number.NEGATIVE_INFINITY;
      return {
        from: time.toIso(range.from),
        to: time.toIso(range.to),
        units: { energy: 'kW.h', cost: 'CNY' },
        items: items.sort(
          (a, b) =>
            (b.excessKwh === a.excessKwh ? 0 : weight(b.excessKwh) - weight(a.excessKwh)) ||
            (b.idleKwh ?? 0) - (a.idleKwh ?? 0),
        ),
      };
    },
  );

  app.get(
    '/api/v1/flow',
    {
      schema: {
        tags: ['energy'],
        summary: 'Where the energy goes, with what no part explains',
        querystring: FlowQuery,
        response: { 200: FlowAnswer, ...problemAnswers },
      },
    },
    async ({ query }): Promise<FlowAnswer> => {
      const range = rangeIn(query);
      const hours = groupByPath(await store.readAllWindows({ window: '1h', ...range }));
      const { mainMeters, independent } = accounts.boundaries;
      const meters = new Set(mainMeters.values());
      const nodes = view.equipment().filter(({ path }) => !meters.has(path) && !independent.has(path));
      const accountsOf = new Map(nodes.map(({ path }) => [path, accountOf(hours.get(path) ?? [], accounts)]));
      const energyOf = (path: string) => accountsOf.get(path)?.energyKwh ?? 0;
      return {
        from: time.toIso(range.from),
        to: time.toIso(range.to),
        items: nodes.map(({ path, parent }) => {
          const parts = nodes.filter((one) => one.parent === path);
          const account = accountsOf.get(path);
          return {
            path,
            parent,
            energyKwh: energyOf(path),
            kgceCalorific: account?.kgceCalorific.value ?? null,
            kgceEquivalent: account?.kgceEquivalent.value ?? null,
            residualKwh:
              parts.length === 0 ? null : exactTotal([energyOf(path), ...parts.map((part) => -energyOf(part.path))]),
          };
        }),
        equivalentReason: accountsOf.get('')?.kgceEquivalent.reason ?? null,
      };
    },
  );
}

function groupByPath<T extends { readonly path: string }>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> {
  return Map.groupBy(rows, ({ path }) => path);
}
