import { createDefaultDetector } from './default-detector.ts';
import type { Detector, SensorPart } from './detector.ts';
import type { MachineRow } from './machine-row.ts';
import type { NoScoreReason } from './score.ts';

/** After a start the sensors need about so many rows to settle. */
const SETTLE_ROWS = 10;
/** Load and product move the sensors too, which nothing has learnt yet: the limit is so much wider than without them. */
const HEAD_ROOM = 1.5;

/** A judged row: the statistic divided by its limit, and the parts of the sensors (the power behind them). */
export type YoungJudgement =
  | { readonly ratio: number; readonly parts: () => readonly SensorPart[] }
  | { readonly reason: NoScoreReason };

/**
 * Judges a machine from its first hour on, until there are rows enough for a model: by the detector that needs no training, while it runs and
 * has settled. Rows of idle, changeover and start-up are neither learnt nor judged.
 */
export class YoungMachine {
  readonly #detector: Detector;
  readonly #values: Float64Array;
  #settled = 0;

  /** `risk`: share of healthy rows that may start an alarm. */
  constructor(sensors: number, risk: number) {
    this.#detector = createDefaultDetector({ sensors: sensors + 1, risk });
    this.#values = new Float64Array(sensors + 1);
  }

  next(row: MachineRow): YoungJudgement {
    if (row.context !== 'run' || row.mixed) {
      this.#settled = 0;
      return { reason: row.mixed ? 'transition' : 'learning' };
    }
    this.#settled += 1;
    if (this.#settled <= SETTLE_ROWS) return { reason: 'transition' };
    this.#values.set(row.sensors);
    this.#values[row.sensors.length] = row.powerKw;
    const { ratio, degraded } = this.#detector.next(this.#values.slice(), row.at);
    if (degraded === 'warm-up' || degraded === 'training-short') return { reason: 'learning' };
    if (degraded === 'no-data') return { reason: 'no-data' };
    if (degraded === 'sensor-missing' || degraded === 'sensors-changed') return { reason: 'sensor-missing' };
    return { ratio: ratio / HEAD_ROOM, parts: () => this.#detector.explain() };
  }

  save(): unknown {
    return { settled: this.#settled, detector: this.#detector.save() };
  }

  /** Goes on from what `save` gave; anything else is left aside. */
  restore(saved: unknown): void {
    const { settled, detector } = (saved ?? {}) as { readonly settled?: number; readonly detector?: unknown };
    try {
      this.#detector.load(detector);
      this.#settled = settled ?? 0;
    } catch {
      // It warms up anew.
    }
  }
}
