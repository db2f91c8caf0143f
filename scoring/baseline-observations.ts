import { durationOfSpan, spansBetween, type ObservationSpan } from './energy/observation.ts';
import type { BaselineVariable, TargetSection } from './config.ts';
import { breakDown, labelSpans } from './energy/breakdown.ts';
import type { Shift } from './energy/calendar.ts';
import { addSums, figureOf } from './energy/figure.ts';
import type { LabelChange } from './energy/label-timeline.ts';
import { exactTotal } from './energy/quantum.ts';
import type { BaselineObservation } from './energy/target-model.ts';
import type { EnergyWindow } from './energy/window.ts';
import type { MetricStore } from './store/metric-store.ts';
import { readQuarters } from './store/quarter-rows.ts';

/** A mean needs this share of its time measured. */
const MEASURED = 0.8;

type Plan = NonNullable<TargetSection['baseline']>;
type Context = {
  readonly store: MetricStore;
  readonly path: string;
  readonly zone: string;
  readonly shifts: readonly Shift[];
  /** Whole local days, epoch ms. */
  readonly from: number;
  readonly to: number;
};

/** Energy of an object and the variables of its baseline, day by day or shift by shift; null is unknown, never 0. */
export async function observationsOf(plan: Plan, context: Context): Promise<BaselineObservation[]> {
  const spans = spansBetween(plan.period, context);
  const energy = await windowsBySpan(context.path, spans, plan, context);
  const columns: (number | null)[][] = [];
  for (const variable of plan.variables) columns.push(await columnOf(variable, { spans, plan, context }));
  return spans.map(({ day, label }, index) => {
    const rows = energy[index] ?? [];
    const figure = rows.length === 0 ? null : figureOf(addSums(rows));
    return {
      day,
      label,
      energyKwh: figure === null || figure.class === null ? null : figure.energyKwh,
      values: columns.map((column) => column[index] ?? null),
    };
  });
}

async function columnOf(
  variable: BaselineVariable,
  {
    spans,
    plan,
    context,
  }: { readonly spans: readonly ObservationSpan[]; readonly plan: Plan; readonly context: Context },
): Promise<(number | null)[]> {
  const { output, equipment = '', product, tag } = variable;
  if (output !== undefined) {
    const windows = await windowsBySpan(output, spans, plan, context);
    return windows.map((rows) => (rows.length === 0 ? null : exactTotal(rows.map((row) => row.output))));
  }
  if (tag !== undefined) return meansOf(equipment, tag, { spans, context });
  const { store, from, to } = context;
  const body = await store.readCheckpoint(`labels/${equipment}`);
  const { product: changes = [] } =
    body === null ? {} : (JSON.parse(body) as { readonly product?: readonly LabelChange[] });
  const labels = labelSpans(changes, { from, to });
  // A day can hold several products, so that its own window says nothing of them.
  const windows = await windowsBySpan(equipment, spans, { ...plan, period: 'shift' }, context);
  return windows.map((rows, index) => {
    const span = spans[index];
    if (rows.length === 0 || span === undefined) return null;
    const own = labels.filter(({ start, end }) => end > span.start && start < span.end);
    return breakDown(rows, own).find(({ key }) => key === product)?.output ?? 0;
  });
}

async function meansOf(
  path: string,
  tag: string,
  { spans, context }: { readonly spans: readonly ObservationSpan[]; readonly context: Context },
): Promise<(number | null)[]> {
  const { store, from, to } = context;
  const quarters = await readQuarters(store, { kind: 'mean', path, tag }, { from, to });
  return groupBySpan(quarters, spans).map((own, index) => {
    const ms = own.reduce((sum, quarter) => sum + quarter.ms, 0);
    const span = spans[index];
    if (span === undefined || ms < MEASURED * durationOfSpan(span)) return null;
    return own.reduce((sum, quarter) => sum + quarter.sum, 0) / ms;
  });
}

async function windowsBySpan(
  path: string,
  spans: readonly ObservationSpan[],
  { period }: Plan,
  { store, from, to }: Context,
): Promise<EnergyWindow[][]> {
  const window = period === 'day' ? ('1d' as const) : ('15m' as const);
  return groupBySpan(await store.readWindows({ path, window, from, to }), spans);
}

/** What begins within each span; both in order of time. */
function groupBySpan<Row extends { readonly start: number }>(
  rows: readonly Row[],
  spans: readonly ObservationSpan[],
): Row[][] {
  let at = 0;
  return spans.map(({ start, end }) => {
    while ((rows[at]?.start ?? Number.POSITIVE_INFINITY) < start) at += 1;
    const own: Row[] = [];
    for (let row = rows[at]; row !== undefined && row.start < end; row = rows[at]) {
      own.push(row);
      at += 1;
    }
    return own;
  });
}
