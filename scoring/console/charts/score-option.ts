import type { AnomalyAnswer } from '../../api/schemas.ts';
import { formatFixed, formatScore, wallClockMs, type Language } from '../format.ts';
import { baseOption, hoveredAt, timeAxis, tooltipOption, valueAxis, wallClockText, type ChartText } from './axis.ts';
import type { Palette } from './palette.ts';

/** Scores over time with the threshold and the episodes as bands; times without a score stay open. */
export function scoreOption(input: {
  readonly answer: AnomalyAnswer;
  readonly palette: Palette;
  readonly language: Language;
  readonly text: ChartText;
}) {
  const { answer, palette, language, text } = input;
  const series = answer.series ?? [];
  const byTime = new Map(series.map((one) => [wallClockMs(one.at), one]));
  const last = series.at(-1);
  const end = last === undefined ? 0 : wallClockMs(last.at);
  const start = series[0] === undefined ? 0 : wallClockMs(series[0].at);
  return {
    ...baseOption(palette),
    grid: { left: 8, right: 8, top: 10, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: tooltipOption(palette, (params) => {
      const at = hoveredAt(params);
      const one = at === null ? undefined : byTime.get(at);
      if (at === null || one === undefined) return '';
      const why = one.score === null && one.reason !== null ? ` (${reasonText(one.reason, text)})` : '';
      return `${wallClockText(at)}\n${text('score.title')}: ${formatScore(one.score, language)}${why}`;
    }),
    xAxis: { ...timeAxis(palette), min: start, max: end },
    yAxis: { ...valueAxis(palette, { lines: true }), min: 0, max: 1, interval: 0.5 },
    series: [
      {
        name: text('score.title'),
        type: 'line',
        step: 'end',
        connectNulls: false,
        showSymbol: false,
        sampling: 'max',
        lineStyle: { width: 1.5, color: palette.accent },
        itemStyle: { color: palette.accent },
        areaStyle: { color: palette.accent, opacity: 0.12 },
        data: series.map((one) => [wallClockMs(one.at), one.score]),
        markLine: {
          silent: true,
          symbol: 'none',
          precision: 8,
          lineStyle: { color: palette.bad, type: 'dashed', width: 1 },
          label: {
            color: palette.bad,
            fontSize: 11,
            position: 'insideStartBottom',
            formatter: text('score.threshold', { value: formatFixed(answer.threshold, 2, language) }),
          },
          data: [{ yAxis: answer.threshold }],
        },
        markArea: {
          silent: true,
          itemStyle: { color: palette.bad, opacity: 0.14 },
          data: answer.items.map((episode) => [
            { xAxis: Math.max(start, wallClockMs(episode.from)) },
            { xAxis: episode.to === null ? end : Math.min(end, wallClockMs(episode.to)) },
          ]),
        },
      },
    ],
  };
}

function reasonText(reason: string, text: ChartText): string {
  const known = ['learning', 'no-data', 'sensor-missing', 'transition', 'no-sensors', 'unknown-context'] as const;
  const found = known.find((one) => one === reason);
  return found === undefined ? reason : text(`reason.${found}`);
}
