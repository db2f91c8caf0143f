/** Colours of the charts; the same hues as in styles/base.css, canvas cannot read them from there. */
export type Palette = {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly surface: string;
  readonly accent: string;
  readonly bar: string;
  readonly barOpen: string;
  readonly warn: string;
  readonly bad: string;
  readonly good: string;
};

const light: Palette = {
  text: '#17242b',
  quiet: '#51626b',
  line: '#dde4e7',
  surface: '#ffffff',
  accent: '#0b6f7c',
  bar: '#b9cfd5',
  barOpen: '#dbe7ea',
  warn: '#a35a00',
  bad: '#b3261e',
  good: '#27713a',
};

const dark: Palette = {
  text: '#e4ecef',
  quiet: '#9db0b8',
  line: '#2c3b43',
  surface: '#162229',
  accent: '#4fc3d0',
  bar: '#35515b',
  barOpen: '#27393f',
  warn: '#f0a64b',
  bad: '#ff8a80',
  good: '#74c988',
};

export function paletteOf(appearance: 'light' | 'dark'): Palette {
  return appearance === 'dark' ? dark : light;
}

/** System fonts with the Chinese faces of Windows, macOS and Linux. */
export const FONT_FAMILY =
  'system-ui, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';
