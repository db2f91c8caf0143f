import type { EnergyAnswer } from '../answers.ts';
import { wallClockMs } from '../format.ts';

/** One window as it is drawn; a window that is not there stands as a gap with no figures. */
export type TrendPoint = {
  /** Wall clock of the plant as if UTC, epoch ms. */
  readonly at: number;
  readonly sec: number | null;
  readonly energyKwh: number | null;
  readonly output: number | null;
  readonly coverage: number | null;
  readonly class: 'A' | 'B' | 'C' | null;
  readonly reason: EnergyAnswer['points'][number]['reason'];
  /** Partly estimated or of class C: to be read with care. */
  readonly weak: boolean;
  readonly open: boolean;
};

/** From this estimated share on a point is marked. */
const ESTIMATED_FROM = 0.05;

/** The windows in order, with a gap wherever one is missing, so that no line is drawn across it. */
export function trendPoints(windows: EnergyAnswer['points']): readonly TrendPoint[] {
  const points: TrendPoint[] = [];
  let end: string | null = null;
  for (const window of windows) {
    if (end !== null && Date.parse(window.start) > Date.parse(end)) points.push(gapAt(wallClockMs(end)));
    points.push({
      at: wallClockMs(window.start),
      sec: window.sec,
      energyKwh: window.energyKwh,
      output: window.output,
      coverage: window.coverage,
      class: window.class,
      reason: window.reason,
      weak: window.class === 'C' || (window.estimatedShare ?? 0) >= ESTIMATED_FROM,
      open: window.state === 'open',
    });
    end = window.end;
  }
  return points;
}

function gapAt(at: number): TrendPoint {
  return {
    at,
    sec: null,
    energyKwh: null,
    output: null,
    coverage: null,
    class: null,
    reason: 'no-data',
    weak: false,
    open: false,
  };
}
