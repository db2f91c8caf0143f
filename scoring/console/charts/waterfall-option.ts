import { baseOption, tooltipOption, valueAxis } from './axis.ts';
import { FONT_FAMILY, type Palette } from './palette.ts';

/** One step of a waterfall: a total stands on the axis, a change on the end of the one before. */
export type Step = { readonly name: string; readonly value: number; readonly kind: 'total' | 'change' };

/** Steps as floating bars; what falls is good. */
export function waterfallOption(input: {
  readonly steps: readonly Step[];
  readonly palette: Palette;
  readonly format: (step: Step) => string;
}) {
  const { steps, palette, format } = input;
  let level = 0;
  const bars = steps.map((step) => {
    const from = step.kind === 'total' ? 0 : level;
    level = step.kind === 'total' ? step.value : level + step.value;
    return { step, low: Math.min(from, level), high: Math.max(from, level) };
  });
  const colour = ({ kind, value }: Step) => (kind === 'total' ? palette.quiet : value > 0 ? palette.bad : palette.good);
  const changes = bars.filter(({ step }) => step.kind === 'change');
  const least = Math.min(...bars.map(({ step, low, high }) => (step.kind === 'total' ? high : low)));
  const most = Math.max(...bars.map(({ high }) => high));
  const room = Math.max(most - least, changes.length === 0 ? most : 0, most * 0.002);
  // Changes of a percent would vanish beside totals that begin at 0; the axis says where it begins.
  const floor = Math.max(0, least - room * 0.8);
  return {
    ...baseOption(palette),
    grid: { left: 8, right: 8, top: 22, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: tooltipOption(palette, (params) => {
      const first: unknown = Array.isArray(params) ? params[0] : params;
      const bar = bars[Number(Object(first)['dataIndex'])];
      return bar === undefined ? '' : `${bar.step.name}: ${format(bar.step)}`;
    }),
    xAxis: {
      type: 'category' as const,
      data: steps.map(({ name }) => name),
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      axisLabel: { color: palette.text, fontSize: 11, interval: 0, overflow: 'break', width: 90 },
    },
    yAxis: {
      ...valueAxis(palette, { lines: true }),
      min: floor,
      max: most + room * 0.15,
      axisLabel: {
        color: palette.quiet,
        fontSize: 11,
        showMinLabel: false,
        showMaxLabel: false,
        formatter: (value: number) => String(Math.round(value)),
      },
    },
    series: [
      {
        type: 'bar',
        stack: 'step',
        silent: true,
        itemStyle: { color: 'transparent' },
        data: bars.map(({ step, low }) => (step.kind === 'total' ? 0 : Math.max(low, floor))),
      },
      {
        type: 'bar',
        stack: 'step',
        barMaxWidth: 64,
        label: {
          show: true,
          position: 'top',
          color: palette.text,
          fontSize: 11,
          fontFamily: FONT_FAMILY,
          formatter: ({ dataIndex }: { readonly dataIndex: number }) => {
            const bar = bars[dataIndex];
            return bar === undefined ? '' : format(bar.step);
          },
        },
        data: bars.map(({ step, low, high }) => ({
          value: step.kind === 'total' ? high : high - Math.max(low, floor),
          itemStyle: { color: colour(step) },
        })),
      },
    ],
  };
}
