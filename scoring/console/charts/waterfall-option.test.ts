import { describe, expect, it } from 'vitest';
import { paletteOf } from './palette.ts';
import { waterfallOption, type Step } from './waterfall-option.ts';

const steps: readonly Step[] = [
  { name: 'base', value: 1000, kind: 'total' },
  { name: 'activity', value: 50, kind: 'change' },
  { name: 'intensity', value: -70, kind: 'change' },
  { name: 'now', value: 980, kind: 'total' },
];

describe('the waterfall', () => {
  it('sets every change on the end of the one before', () => {
    const { series } = waterfallOption({ steps, palette: paletteOf('light'), format: ({ value }) => String(value) });
    const [below, shown] = series;
    expect(below?.data).toEqual([0, 1000, 980, 0]);
    expect(shown?.data).toMatchObject([{ value: 1000 }, { value: 50 }, { value: 70 }, { value: 980 }]);
  });

  it('begins its axis below all ends, so that no bar is cut off', () => {
    const { yAxis } = waterfallOption({ steps, palette: paletteOf('dark'), format: () => '' });
    expect(yAxis.min).toBeLessThan(980);
    expect(yAxis.max).toBeGreaterThan(1050);
  });
});
