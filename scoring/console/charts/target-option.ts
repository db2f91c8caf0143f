import type { TargetView } from '../answers.ts';
import { formatChange, formatIntensity, formatNumber, type Language } from '../format.ts';
import { baseOption, hoveredAt, legendOption, timeAxis, tooltipOption, valueAxis, wallClockText } from './axis.ts';
import type { ChartText } from './axis.ts';
import { clip, clipRange, isClipped } from './clip-range.ts';
import type { Palette } from './palette.ts';
import { clippedSeries } from './trend-option.ts';

/** Intensity by day and running, against the base and the promised limits. */
export function targetOption(input: {
  readonly target: TargetView;
  readonly palette: Palette;
  readonly language: Language;
  readonly text: ChartText;
}) {
  const { target, palette, language, text } = input;
  const days = target.days.map((day) => ({ ...day, at: Date.parse(`${day.day}T00:00:00Z`) }));
  const byTime = new Map(days.map((day) => [day.at, day]));
  const limits = target.levels.flatMap(({ reduction, targetSec }, index) =>
    targetSec === null ? [] : [{ yAxis: targetSec, label: formatChange(-reduction, language, 1), below: index > 0 }],
  );
  const baseLine = target.base.sec === null ? [] : [{ yAxis: target.base.sec }];
  const range = clipRange(
    days.flatMap(({ sec }) => (sec === null ? [] : [sec])),
    [
      ...days.flatMap(({ runningSec }) => (runningSec === null ? [] : [runningSec])),
      ...baseLine.map(({ yAxis }) => yAxis),
      ...limits.map(({ yAxis }) => yAxis),
    ],
  );
  const clipped = days.filter(({ sec }) => isClipped(sec, range));
  const baseDays = days.filter(({ inBase }) => inBase);
  return {
    ...baseOption(palette),
    grid: { left: 8, right: 58, top: 34, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    legend: legendOption(palette),
    tooltip: tooltipOption(palette, (params) => {
      const day = byTime.get(hoveredAt(params) ?? Number.NaN);
      if (day === undefined) return '';
      return [
        wallClockText(day.at, true) + (day.inBase ? ` (${text('target.base')})` : ''),
        `${text('target.chartDaily')}: ${formatIntensity(day.sec, language)} ${text('unit.perUnit')}`,
        `${text('target.chartRunning')}: ${formatIntensity(day.runningSec, language)} ${text('unit.perUnit')}`,
        `${text('trend.energy')}: ${formatNumber(day.energyKwh, language)} kWh`,
        `${text('trend.output')}: ${formatNumber(day.output, language)} ${text('unit.units')}`,
      ].join('\n');
    }),
    xAxis: { ...timeAxis(palette), minInterval: 86_400_000 },
    yAxis: { ...valueAxis(palette, { lines: true }), ...(range ?? { scale: true }) },
    series: [
      {
        name: text('target.chartDaily'),
        type: 'line',
        connectNulls: false,
        symbol: 'circle',
        symbolSize: 4,
        lineStyle: { width: 1, color: palette.bar },
        itemStyle: { color: palette.bar },
        data: days.map((day) => [day.at, clip(day.sec, range)]),
        markArea: {
          silent: true,
          itemStyle: { color: palette.quiet, opacity: 0.08 },
          label: { color: palette.quiet, fontSize: 11, position: 'insideTopLeft' },
          data:
            baseDays.length === 0
              ? []
              : [[{ name: text('target.base'), xAxis: baseDays[0]?.at }, { xAxis: baseDays.at(-1)?.at }]],
        },
      },
      {
        name: text('target.chartRunning'),
        type: 'line',
        connectNulls: false,
        showSymbol: false,
        lineStyle: { width: 2.5, color: palette.accent },
        itemStyle: { color: palette.accent },
        data: days.map((day) => [day.at, day.runningSec]),
        markLine: {
          silent: true,
          symbol: 'none',
          precision: 8,
          label: { fontSize: 11, position: 'end' },
          data: [
            ...baseLine.map((line) => ({
              ...line,
              lineStyle: { color: palette.quiet, type: 'solid', width: 1 },
              label: { formatter: text('target.chartBase'), color: palette.quiet, offset: [0, -8] },
            })),
            ...limits.map(({ yAxis, label, below }) => ({
              yAxis,
              lineStyle: { color: below ? palette.good : palette.warn, type: 'dashed', width: 1.5 },
              label: { formatter: label, color: below ? palette.good : palette.warn, offset: [0, below ? 9 : 0] },
            })),
          ],
        },
      },
      ...(clipped.length === 0 ? [] : [clippedSeries(clipped, (day) => clip(day.sec, range), palette, text)]),
    ],
  };
}
