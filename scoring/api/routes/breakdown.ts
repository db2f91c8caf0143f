import { Type } from 'typebox';
import { breakDown, calendarSpans, labelSpans, shiftSpans, type GroupSpan } from '../../energy/breakdown.ts';
import type { LabelChange } from '../../energy/label-timeline.ts';
import type { TimeRange } from '../../store/metric-store.ts';
import { ApiError } from '../api-error.ts';
import { prefersCsv, sendCsv } from '../plugins/csv.ts';
import { requireNode } from '../nearest-path.ts';
import { windowLengthMs } from '../../energy/window.ts';
import { rangeOf } from '../query-range.ts';
import { Instant, nullable, unitsOf } from '../schema-parts.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const groupings = ['shift', 'product', 'order', 'day', 'month'] as const;
const DAY_MS = 86_400_000;
/** Up to this the minutes themselves are read; over a longer range quarters of an hour. */
const MINUTES_MS = 31 * DAY_MS;

const BreakdownQuery = Type.Object({
  path: Type.String({ default: '', description: 'Equipment path; empty = site.' }),
  by: Type.Enum(groupings),
  from: Type.Optional(Type.String({ description: 'ISO 8601 instant or date; default: a day back.' })),
  to: Type.Optional(Type.String({ description: 'ISO 8601 instant or date, exclusive; default: now.' })),
});
const units = unitsOf({
  energyKwh: 'kW.h',
  idleKwh: 'kW.h',
  output: '{eq}',
  scrap: '{eq}',
  sec: 'kW.h/{eq}',
  hours: 'h',
});
const BreakdownAnswer = Type.Object({
  path: Type.String(),
  units: units.schema,
  by: Type.Enum(groupings),
  from: Instant,
  to: Instant,
  items: Type.Array(
    Type.Object({
      key: nullable(Type.String({ description: 'null: what belongs to none.' })),
      from: Instant,
      to: Instant,
      hours: Type.Number(),
      energyKwh: Type.Number(),
      idleKwh: Type.Number(),
      output: Type.Number(),
      scrap: Type.Number(),
      sec: nullable(Type.Number({ description: 'kWh per equivalent unit.' })),
      split: Type.Boolean({ description: 'An edge lay within a window, which was split by time.' }),
    }),
  ),
});

/** Energy and output of an object by shift, production day, meter-reading month, or of a machine by product and order. */
export function breakdownRoute(app: ApiApp, { view, store, now, time, accounts }: RouteDeps): void {
  app.get(
    '/api/v1/breakdown',
    {
      config: { etag: true, csv: true },
      schema: {
        tags: ['energy'],
        summary: 'Energy per output by shift, product, order, day or month',
        querystring: BreakdownQuery,
        response: { 200: BreakdownAnswer, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const { path, by } = query;
      const node = requireNode(view, path);
      const asked = rangeOf(query, { time, now: now(), start: (to) => to - DAY_MS });
      const window = asked.to - asked.from <= MINUTES_MS ? ('1m' as const) : ('15m' as const);
      const range = wholeWindows(asked, windowLengthMs[window]);
      const spansOf = async (): Promise<GroupSpan[]> => {
        if (by === 'day' || by === 'month') return calendarSpans(by, accounts.calendar, range, time.zone);
        if (by === 'shift') {
          if (accounts.calendar.shifts.length > 0) return shiftSpans(accounts.calendar, range, time.zone);
          throw new ApiError('QUERY_INVALID', {
            en: 'parameter "by": no shifts are configured; add scoring.energy.shifts to plant.yaml',
            zh: '参数 "by"：未配置班次；请在 plant.yaml 中添加 scoring.energy.shifts',
          });
        }
        if (node.level !== 'equipment') {
          throw new ApiError('QUERY_INVALID', {
            en: `parameter "by": ${by} is known of machines, not of "${path}"; ask for one of them`,
            zh: `参数 "by"：只有单台设备才有 ${by === 'product' ? '产品' : '订单'} 信息，"${path}" 没有；请指定设备`,
          });
        }
        const body = await store.readCheckpoint(`labels/${path}`);
        const labels = body === null ? {} : (JSON.parse(body) as Partial<Record<typeof by, LabelChange[]>>);
        return labelSpans(labels[by] ?? [], range);
      };
      const spans = await spansOf();
      const groups = breakDown(await store.readWindows({ path, window, ...range }), spans);
      if (prefersCsv(request)) {
        const header = [
          'group',
          'from',
          'to',
          'hours',
          'energy_kwh',
          'idle_kwh',
          'output_eq',
          'scrap_eq',
          'kwh_per_eq',
          'split',
        ];
        const rows = groups.map((group) => [
          group.key,
          time.toIso(group.from),
          time.toIso(group.to),
          group.ms / 3_600_000,
          group.energyKwh,
          group.idleKwh,
          group.output,
          group.scrap,
          group.output > 0 ? group.energyKwh / group.output : null,
          group.split,
        ]);
        return sendCsv(reply, `${by}-${path}.csv`, [header, ...rows]) as never;
      }
      return {
        path,
        units: units.value,
        by,
        from: time.toIso(range.from),
        to: time.toIso(range.to),
        items: groups.map(({ ms, from, to, ...group }) => ({
          ...group,
          from: time.toIso(from),
          to: time.toIso(to),
          hours: ms / 3_600_000,
          sec: group.output > 0 ? group.energyKwh / group.output : null,
        })),
      };
    },
  );
}

/** Windows that begin in the range, whole. */
const wholeWindows = ({ from, to }: TimeRange, length: number): TimeRange => ({
  from: Math.ceil(from / length) * length,
  to: Math.ceil(to / length) * length,
});
