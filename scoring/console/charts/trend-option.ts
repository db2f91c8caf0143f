import type { EnergyAnswer } from '../answers.ts';
import { formatIntensity, formatNumber, formatShare, wallClockMs, type Language } from '../format.ts';
import { baseOption, hoveredAt, legendOption, timeAxis, tooltipOption, valueAxis, wallClockText } from './axis.ts';
import type { ChartText } from './axis.ts';
import { clip, clipRange, isClipped } from './clip-range.ts';
import type { Palette } from './palette.ts';
import type { TrendPoint } from './trend-points.ts';

/** A level the line is held against. */
export type TrendLimit = { readonly value: number; readonly label: string; readonly kind: 'base' | 'limit' };

type TrendInput = {
  readonly points: readonly TrendPoint[];
  readonly answer: EnergyAnswer;
  readonly palette: Palette;
  readonly language: Language;
  readonly text: ChartText;
  readonly limits: readonly TrendLimit[];
};

/** Energy per unit as a line with gaps, energy as bars behind it. */
export function trendOption({ points, answer, palette, language, text, limits }: TrendInput) {
  const wholeDays = answer.window === '1d';
  const byTime = new Map(points.map((point) => [point.at, point]));
  const known = points.filter(({ sec }) => sec !== null);
  const range = clipRange(
    known.flatMap(({ sec }) => (sec === null ? [] : [sec])),
    limits.map(({ value }) => value),
  );
  const clipped = known.filter(({ sec }) => isClipped(sec, range));
  const lone = new Set(points.filter((_, index) => isLone(points, index)).map(({ at }) => at));
  return {
    ...baseOption(palette),
    grid: { left: 8, right: 8, top: 34, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    legend: legendOption(palette),
    tooltip: tooltipOption(palette, (params) => {
      const point = byTime.get(hoveredAt(params) ?? Number.NaN);
      return point === undefined ? '' : tipOf(point, { wholeDays, language, text });
    }),
    xAxis: {
      ...timeAxis(palette),
      ...(wholeDays ? { minInterval: 86_400_000 } : { min: wallClockMs(answer.from), max: wallClockMs(answer.to) }),
    },
    yAxis: [
      { ...valueAxis(palette, { lines: true }), ...(range ?? { scale: true }) },
      { ...valueAxis(palette, { lines: false }), min: 0 },
    ],
    series: [
      {
        name: text('trend.legendEnergy'),
        type: 'bar',
        yAxisIndex: 1,
        barMaxWidth: 18,
        barCategoryGap: '25%',
        itemStyle: { color: palette.bar },
        data: points.map((point) => ({
          value: [point.at, point.energyKwh],
          ...(point.open ? { itemStyle: { color: palette.barOpen } } : {}),
        })),
      },
      {
        name: text('trend.legendSec'),
        type: 'line',
        connectNulls: false,
        showSymbol: true,
        symbol: 'circle',
        lineStyle: { width: 2, color: palette.accent },
        itemStyle: { color: palette.accent },
        markLine: {
          silent: true,
          symbol: 'none',
          precision: 8,
          data: limits.map(({ value, label, kind }, index) => ({
            yAxis: value,
            lineStyle: { color: kind === 'base' ? palette.quiet : palette.warn, type: 'dashed', width: 1 },
            label: {
              formatter: label,
              fontSize: 11,
              color: kind === 'base' ? palette.quiet : palette.warn,
              position: kind === 'base' ? 'insideStartTop' : 'insideStartBottom',
              offset: [Math.max(0, index - 1) * 48, 0],
            },
          })),
        },
        data: points.map((point) => ({
          value: [point.at, clip(point.sec, range)],
          symbolSize: lone.has(point.at) ? 5 : 0,
        })),
      },
      {
        name: text('trend.weak'),
        type: 'scatter',
        symbol: 'circle',
        symbolSize: 8,
        itemStyle: { color: palette.surface, borderColor: palette.warn, borderWidth: 2 },
        data: known.filter(({ weak }) => weak).map((point) => [point.at, clip(point.sec, range)]),
      },
      ...(clipped.length === 0 ? [] : [clippedSeries(clipped, (point) => clip(point.sec, range), palette, text)]),
    ],
  };
}

/** Marks at the edge of the plot for values beyond it. */
export function clippedSeries<T extends { readonly at: number }>(
  points: readonly T[],
  valueOf: (point: T) => number | null,
  palette: Palette,
  text: ChartText,
) {
  return {
    name: text('trend.clipped'),
    type: 'scatter',
    symbol: 'triangle',
    symbolSize: 8,
    clip: false,
    itemStyle: { color: palette.quiet },
    data: points.map((point) => [point.at, valueOf(point)]),
  };
}

/** A point without neighbours has no line to be seen by. */
function isLone(points: readonly TrendPoint[], index: number): boolean {
  const has = (at: number) => (points[at]?.sec ?? null) !== null;
  return has(index) && !has(index - 1) && !has(index + 1);
}

function tipOf(
  point: TrendPoint,
  { wholeDays, language, text }: { readonly wholeDays: boolean; readonly language: Language; readonly text: ChartText },
): string {
  const lines = [
    wallClockText(point.at, wholeDays) + (point.open ? ` (${text('trend.open')})` : ''),
    `${text('trend.sec')}: ${formatIntensity(point.sec, language)} ${text('unit.perUnit')}`,
    `${text('trend.energy')}: ${formatNumber(point.energyKwh, language)} kWh`,
    `${text('trend.output')}: ${formatNumber(point.output, language)} ${text('unit.units')}`,
    `${text('trend.coverage')}: ${formatShare(point.coverage, language)}${point.class === null ? '' : ` (${point.class})`}`,
  ];
  if (point.sec === null && point.reason !== null) lines.push(text(`reason.${point.reason}`));
  if (point.weak) lines.push(text('trend.weak'));
  return lines.join('\n');
}
