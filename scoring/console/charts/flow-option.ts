import type { FlowAnswer } from '../answers.ts';
import { baseOption, tooltipOption } from './axis.ts';
import { FONT_FAMILY, type Palette } from './palette.ts';

export type FlowUnit = 'energyKwh' | 'kgceCalorific' | 'kgceEquivalent';
export type FlowLink = {
  readonly source: string;
  readonly target: string;
  readonly value: number;
  readonly residual: boolean;
};

/** Ends of the ribbon of what no part explains; no path has a leading NUL. */
const residualOf = (path: string) => `\u0000${path}`;

/** Ribbons from every object to its parts, with what is left as a ribbon of its own. Only what is above 0 flows. */
export function flowLinks({ items }: FlowAnswer, unit: FlowUnit): readonly FlowLink[] {
  return items.flatMap((item) => {
    const amount = item[unit];
    const own =
      item.parent === null || item.path === '' || amount === null || amount <= 0
        ? []
        : [{ source: item.parent, target: item.path, value: amount, residual: false }];
    const part = item.residualKwh === null || item.energyKwh <= 0 ? 0 : item.residualKwh / item.energyKwh;
    const whole = item[unit] ?? 0;
    // Rounding of sums is no loss.
    return part * whole <= whole * 1e-6
      ? own
      : [...own, { source: item.path, target: residualOf(item.path), value: part * whole, residual: true }];
  });
}

/** The links as a Sankey diagram. */
export function flowOption(input: {
  readonly links: readonly FlowLink[];
  readonly palette: Palette;
  readonly nameOf: (path: string) => string;
  readonly residualName: string;
  readonly format: (value: number) => string;
  readonly narrow: boolean;
}) {
  const { links, palette, nameOf, residualName, format, narrow } = input;
  const ids = [...new Set(links.flatMap(({ source, target }) => [source, target]))];
  // The site's path is empty, a name may not be.
  const keyOf = (id: string) => `/${id}`;
  const isResidual = (key: string) => key.startsWith('/\u0000');
  const nameOfId = (key: string) => (isResidual(key) ? residualName : nameOf(key.slice(1)));
  const cut = (text: string) => (narrow && text.length > 12 ? `${Array.from(text).slice(0, 11).join('')}…` : text);
  return {
    ...baseOption(palette),
    tooltip: {
      ...tooltipOption(palette, (params) => {
        const { dataType, data, name, value } = Object(params) as {
          readonly dataType?: string;
          readonly data?: { readonly source?: string; readonly target?: string };
          readonly name?: string;
          readonly value?: number;
        };
        const place =
          dataType === 'edge'
            ? `${nameOfId(data?.source ?? '')} → ${nameOfId(data?.target ?? '')}`
            : nameOfId(name ?? '');
        return `${place}\n${format(value ?? 0)}`;
      }),
      trigger: 'item' as const,
    },
    series: [
      {
        type: 'sankey',
        left: 4,
        right: narrow ? 96 : 190,
        top: 8,
        bottom: 8,
        nodeWidth: 12,
        nodeGap: narrow ? 6 : 9,
        draggable: false,
        emphasis: { focus: 'adjacency' },
        lineStyle: { color: palette.bar, opacity: 0.55, curveness: 0.5 },
        label: {
          color: palette.text,
          fontSize: 11,
          fontFamily: FONT_FAMILY,
          formatter: ({ name }: { readonly name: string }) => cut(nameOfId(name)),
        },
        data: ids.map(keyOf).map((id) => ({
          name: id,
          itemStyle: { color: isResidual(id) ? palette.warn : palette.accent, borderWidth: 0 },
        })),
        links: links.map(({ source, target, value, residual }) => ({
          source: keyOf(source),
          target: keyOf(target),
          value,
          ...(residual ? { lineStyle: { color: palette.warn, opacity: 0.4 } } : {}),
        })),
      },
    ],
  };
}
