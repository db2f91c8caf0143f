import { DataQualityAnswer } from '../setup-schemas.ts';
import { dataQuality, meterState, sumClassDays } from '../../energy/data-quality.ts';
import type { EnergyWindow } from '../../energy/window.ts';
import type { EquipmentNode } from '../../plant-view.ts';
import { Type } from 'typebox';
import { rangeOf } from '../query-range.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const DAYS = 7;
/** A meter without a value for so long, while others have newer ones, is dead. */
const DEAD_AFTER_MS = 600_000;

/** How far the energy data of each machine may be trusted: meters, gaps, classes, late data. */
export function dataQualityRoute(app: ApiApp, { view, store, now, time }: RouteDeps): void {
  app.get(
    '/api/v1/data-quality',
    {
      schema: {
        tags: ['plant'],
        summary: 'Meters, gaps, classes and late data of every machine',
        querystring: Type.Object({
          from: Type.Optional(Type.String({ description: 'ISO 8601 instant or date; default: seven days back.' })),
          to: Type.Optional(Type.String({ description: 'ISO 8601 instant or date, exclusive; default: now.' })),
        }),
        response: { 200: DataQualityAnswer, ...problemAnswers },
      },
    },
    async ({ query }) => {
      const nodes = view.equipment();
      const plantAt = Math.max(...nodes.map(({ live }) => live.at ?? Number.NEGATIVE_INFINITY));
      const newest = Number.isFinite(plantAt) ? plantAt : null;
      const range = rangeOf(query, { time, now: now(), start: (to) => time.daysBefore(to, DAYS) });
      const days = new Map<string, EnergyWindow[]>();
      for (const row of await store.readAllWindows({ window: '1d', ...range })) {
        const list = days.get(row.path);
        if (list === undefined) days.set(row.path, [row]);
        else list.push(row);
      }
      const stalled = new Set(
        view
          .health()
          .problems.filter(({ code }) => code === 'COUNTER_STALLED')
          .map(({ equipment }) => equipment),
      );
      const machines = nodes.filter(({ level }) => level === 'equipment');
      const qualities = machines.map(({ path }) => dataQuality(path, days.get(path) ?? []));
      return {
        units: { coverage: '1' as const, gap: 's' as const },
        from: time.toIso(range.from),
        to: time.toIso(range.to),
        classDays: sumClassDays(qualities),
        items: qualities.map((quality, index) => {
          const { worstGapMs, worstGapOn, ...rest } = quality;
          const meters = machines[index] === undefined ? [] : metersOf(machines[index]);
          const at = meters.flatMap((meter) => meter.at ?? []);
          return {
            ...rest,
            worstGapSeconds: worstGapMs / 1000,
            worstGapOn: worstGapOn === null ? null : time.toIso(worstGapOn).slice(0, 10),
            meter: meterState(meters, {
              plantAt: newest,
              maxAgeMs: DEAD_AFTER_MS,
              isStalled: stalled.has(quality.path),
            }),
            meterTags: meters.map(({ name }) => name),
            meterAt: at.length === 0 ? null : time.toIso(Math.min(...at)),
          };
        }),
      };
    },
  );
}

/** What counts a machine's energy: its counters, or its power where it has none. */
function metersOf({ tags }: EquipmentNode): EquipmentNode['tags'] {
  const counters = tags.filter(({ role }) => role === 'energy-counter');
  return counters.length > 0 ? counters : tags.filter(({ role }) => role === 'power');
}
