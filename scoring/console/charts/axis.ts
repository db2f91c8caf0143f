import type { TextKey } from '../i18n/en.ts';
import { FONT_FAMILY, type Palette } from './palette.ts';

/** Texts of the chosen language. */
export type ChartText = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

/** Parts all charts share. Instants are the plant's wall clock as if UTC. */
export function baseOption(palette: Palette) {
  return {
    useUTC: true,
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: FONT_FAMILY, color: palette.text },
  };
}

/** The tooltip is drawn on the canvas: HTML with inline styles would break the content security policy. */
export function tooltipOption(palette: Palette, formatter: (params: unknown) => string) {
  return {
    trigger: 'axis' as const,
    renderMode: 'richText' as const,
    confine: true,
    formatter,
    backgroundColor: palette.surface,
    borderColor: palette.line,
    borderWidth: 1,
    padding: [8, 10],
    textStyle: { fontFamily: FONT_FAMILY, color: palette.text, fontSize: 12, lineHeight: 18 },
    axisPointer: { type: 'line' as const, lineStyle: { color: palette.quiet, type: 'dashed' as const } },
  };
}

/** Times along the bottom, in short. */
export function timeAxis(palette: Palette) {
  return {
    type: 'time' as const,
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
    splitLine: { show: false },
    axisLabel: {
      color: palette.quiet,
      fontSize: 11,
      hideOverlap: true,
      formatter: { year: '{yyyy}', month: '{MM}-{dd}', day: '{MM}-{dd}', hour: '{HH}:{mm}', minute: '{HH}:{mm}' },
    },
  };
}

/** A value axis with quiet lines. */
export function valueAxis(palette: Palette, options: { readonly lines: boolean }) {
  return {
    type: 'value' as const,
    axisLine: { show: false },
    axisTick: { show: false },
    splitNumber: 4,
    axisLabel: { color: palette.quiet, fontSize: 11 },
    splitLine: { show: options.lines, lineStyle: { color: palette.line } },
  };
}

/** Legend above the plot. */
export function legendOption(palette: Palette) {
  return {
    top: 0,
    right: 4,
    itemWidth: 14,
    itemHeight: 8,
    itemGap: 12,
    textStyle: { color: palette.quiet, fontSize: 11, fontFamily: FONT_FAMILY },
  };
}

/** `2026-11-23 14:05` of a wall clock; only the date for whole days. */
export function wallClockText(at: number, wholeDays = false): string {
  const text = new Date(at).toISOString();
  return wholeDays ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

/** Index of the hovered datum of a tooltip call. */
export function hoveredAt(params: unknown): number | null {
  const first: unknown = Array.isArray(params) ? params[0] : params;
  const axisValue: unknown = Object(first)['axisValue'];
  return typeof axisValue === 'number' ? axisValue : null;
}
