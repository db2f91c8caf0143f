import type { BaselineAnswer } from '../answers.ts';
import { formatNumber, type Language } from '../format.ts';
import {
  baseOption,
  hoveredAt,
  legendOption,
  timeAxis,
  tooltipOption,
  valueAxis,
  wallClockText,
  type ChartText,
} from './axis.ts';
import type { Palette } from './palette.ts';

type Input = {
  readonly answer: BaselineAnswer;
  readonly palette: Palette;
  readonly language: Language;
  readonly text: ChartText;
};
type Day = BaselineAnswer['days'][number];

const axisName = (palette: Palette, name: string) => ({
  name,
  nameTextStyle: { color: palette.quiet, fontSize: 11 },
  nameLocation: 'middle' as const,
});

/** Energy by output, one point per day, with the base line and its 90 % band. */
export function scatterOption({ answer, palette, language, text }: Input) {
  const { model, days } = answer;
  const known = days.filter(({ output, energyKwh }) => output !== null && energyKwh !== null);
  const outputs = known.flatMap(({ output }) => (output === null ? [] : [output]));
  const ends = [Math.min(...outputs), Math.max(...outputs)];
  const line = (shift: number) =>
    model === null ? [] : ends.map((x) => [x, model.interceptKwh + model.slopeKwhPerUnit * x + shift]);
  const points = (keep: (day: Day) => boolean) =>
    known.filter(keep).map((day) => ({ value: [day.output, day.energyKwh], name: day.day }));
  const dashed = { width: 1, type: 'dashed' as const, color: palette.quiet };
  const edge = (shift: number) => ({
    name: text('baseline.band'),
    type: 'line',
    silent: true,
    showSymbol: false,
    lineStyle: dashed,
    itemStyle: { color: palette.quiet },
    data: line(shift),
  });
  const dots = (name: string, color: string, symbol: string, keep: (day: Day) => boolean) => ({
    name,
    type: 'scatter',
    symbol,
    symbolSize: 8,
    itemStyle: symbol === 'emptyCircle' ? { color: palette.surface, borderColor: color, borderWidth: 1.5 } : { color },
    data: points(keep),
  });
  return {
    ...baseOption(palette),
    grid: { left: 24, right: 14, top: 34, bottom: 24, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    legend: legendOption(palette),
    tooltip: {
      ...tooltipOption(palette, (params) => {
        const { name, value } = Object(params) as { readonly name?: string; readonly value?: readonly number[] };
        if (value === undefined || name === undefined || name === '') return '';
        return [
          name,
          `${text('trend.output')}: ${formatNumber(value[0] ?? null, language)} ${text('unit.units')}`,
          `${text('trend.energy')}: ${formatNumber(value[1] ?? null, language)} kWh`,
        ].join('\n');
      }),
      trigger: 'item' as const,
    },
    xAxis: {
      ...valueAxis(palette, { lines: false }),
      scale: true,
      ...axisName(palette, `${text('trend.output')} (${text('unit.units')})`),
      nameGap: 26,
    },
    yAxis: {
      ...valueAxis(palette, { lines: true }),
      scale: true,
      name: 'kWh',
      nameTextStyle: { color: palette.quiet, fontSize: 11 },
    },
    series: [
      {
        name: text('baseline.line'),
        type: 'line',
        silent: true,
        showSymbol: false,
        lineStyle: { width: 2, color: palette.accent },
        itemStyle: { color: palette.accent },
        data: line(0),
      },
      ...(model === null ? [] : [edge(model.bandKwh), edge(-model.bandKwh)]),
      dots(text('baseline.baseDays'), palette.quiet, 'circle', (day) => day.inBase && day.excluded === null),
      dots(text('baseline.laterDays'), palette.warn, 'diamond', (day) => !day.inBase && day.excluded === null),
      dots(text('baseline.excludedDays'), palette.quiet, 'emptyCircle', (day) => day.excluded !== null),
    ],
  };
}

/** Cumulated saving since the base; rising = saving. */
export function cusumOption({ answer, palette, language, text }: Input) {
  const days = answer.days
    .filter(({ savedKwh }) => savedKwh !== null)
    .map((day) => ({ at: Date.parse(`${day.day}T00:00:00Z`), saved: day.savedKwh ?? 0 }));
  const byTime = new Map(days.map((day) => [day.at, day.saved]));
  return {
    ...baseOption(palette),
    grid: { left: 8, right: 14, top: 14, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: tooltipOption(palette, (params) => {
      const at = hoveredAt(params) ?? Number.NaN;
      const saved = byTime.get(at);
      return saved === undefined
        ? ''
        : `${wallClockText(at, true)}\n${text('baseline.cusum')}: ${formatNumber(saved, language)} kWh`;
    }),
    xAxis: { ...timeAxis(palette), minInterval: 86_400_000 },
    yAxis: valueAxis(palette, { lines: true }),
    series: [
      {
        name: text('baseline.cusum'),
        type: 'line',
        symbolSize: 5,
        lineStyle: { width: 2, color: palette.accent },
        itemStyle: { color: palette.accent },
        areaStyle: { color: palette.accent, opacity: 0.12 },
        data: days.map(({ at, saved }) => [at, saved]),
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: false },
          lineStyle: { color: palette.quiet, width: 1, type: 'solid' },
          data: [{ yAxis: 0 }],
        },
      },
    ],
  };
}
