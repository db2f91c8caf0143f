import type { CsvCell } from '../../csv.ts';
import { standardCoalOf, type AccountAmount, type AccountRules } from '../../energy/account.ts';
import { addSums, figureOf, type EnergyFigure } from '../../energy/figure.ts';
import type { EnergyWindow } from '../../energy/window.ts';
import { prefersCsv, sendCsv } from '../plugins/csv.ts';
import { requireNode } from '../nearest-path.ts';
import { energyRangeOf } from '../query-range.ts';
import { EnergyAnswer, EnergyQuery } from '../schemas.ts';
import type { ZoneTime } from '../zone-time.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

/** Energy, output and energy per output of one object, window by window and in total. */
export function energyRoute(app: ApiApp, { view, store, now, time, accounts }: RouteDeps): void {
  app.get(
    '/api/v1/energy',
    {
      config: { etag: true, csv: true },
      schema: {
        tags: ['energy'],
        summary: 'Energy per output by window',
        querystring: EnergyQuery,
        response: { 200: EnergyAnswer, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const { path, window } = query;
      requireNode(view, path);
      const range = energyRangeOf(query, { time, now: now() });
      const windows = await store.readWindows({ path, window, ...range });
      if (prefersCsv(request)) return sendCsv(reply, `energy-${path}.csv`, csvRows(windows, time, accounts)) as never;
      const totals = figureOf(addSums(windows));
      const coal = standardCoalOf(windows, accounts);
      return {
        path,
        window,
        from: time.toIso(range.from),
        to: time.toIso(range.to),
        timezone: time.zone,
        units: {
          energy: 'kW.h' as const,
          output: '{eq}' as const,
          sec: 'kW.h/{eq}' as const,
          standardCoal: 'kgce' as const,
        },
        totals,
        standardCoal: {
          calorific: viewCoal(coal.calorific, totals, accounts),
          equivalent: viewCoal(coal.equivalent, totals, accounts),
        },
        points: windows.map((one) => ({
          ...figureOf(one),
          ...coalOfPoint(one, accounts),
          start: time.toIso(one.start),
          end: time.toIso(one.end),
          state: one.state,
          revision: one.revision,
        })),
      };
    },
  );
}

/** The figures of the answer, one window a row; units stand in the names. */
function* csvRows(
  windows: readonly EnergyWindow[],
  time: ZoneTime,
  accounts: AccountRules,
): Iterable<readonly CsvCell[]> {
  yield [
    'start',
    'end',
    'energy_kwh',
    'output_eq',
    'scrap_eq',
    'kwh_per_eq',
    'kgce_calorific',
    'kgce_equivalent',
    'reason',
    'idle_kwh',
    'idle_share',
    'run_h',
    'idle_h',
    'off_h',
    'other_h',
    'coverage',
    'estimated_share',
    'worst_gap_s',
    'unresolved',
    'class',
    'state',
    'revision',
  ];
  for (const one of windows) {
    const figure = figureOf(one);
    const coal = coalOfPoint(one, accounts);
    yield [
      time.toIso(one.start),
      time.toIso(one.end),
      figure.energyKwh,
      figure.output,
      figure.scrap,
      figure.sec,
      coal.kgceCalorific,
      coal.kgceEquivalent,
      figure.reason,
      figure.idleKwh,
      figure.idleShare,
      figure.runHours,
      figure.idleHours,
      figure.offHours,
      figure.otherHours,
      figure.coverage,
      figure.estimatedShare,
      figure.worstGapSeconds,
      figure.unresolved,
      figure.class,
      one.state,
      one.revision,
    ];
  }
}

function viewCoal(
  { value, reason, factorSets, source }: AccountAmount,
  { energyKwh, output, reason: unknown }: EnergyFigure,
  { factorSets: sets }: AccountRules,
) {
  const kgce = energyKwh === null ? null : value;
  return {
    kgce,
    kgcePerOutput: kgce === null || output === null || output <= 0 ? null : kgce / output,
    reason: kgce === null ? (reason ?? unknown) : null,
    factorSets: factorSets.map((id) => ({ id, edition: sets.find((set) => set.id === id)?.edition ?? '' })),
    source,
  };
}

function coalOfPoint(window: EnergyWindow, accounts: AccountRules) {
  if (figureOf(window).energyKwh === null) return { kgceCalorific: null, kgceEquivalent: null };
  const { calorific, equivalent } = standardCoalOf([window], accounts);
  return { kgceCalorific: calorific.value, kgceEquivalent: equivalent.value };
}
