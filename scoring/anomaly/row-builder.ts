import type { MachineState } from '../../broker/contract/tag.ts';
import { contextOf, type Context, type MachineRow } from './machine-row.ts';

/** A value counts as a reading for at most this many intervals when a sensor reports only changes. */
const HOLD_INTERVALS = 30;

/** Collects the samples of one machine into rows of means over fixed intervals of event time. */
export class RowBuilder {
  readonly #intervalMs: number;
  readonly #sums: Float64Array;
  readonly #counts: Int32Array;
  readonly #last: Float64Array;
  readonly #lastAt: Float64Array;
  readonly #power: number;
  #start = Number.NaN;
  #context: Context = 'other';
  #mixed = false;
  #pieces = 0;

  /** `sensors`: number of process sensors; the power takes the place behind them. */
  constructor(sensors: number, intervalMs: number) {
    this.#intervalMs = intervalMs;
    this.#power = sensors;
    this.#sums = new Float64Array(sensors + 1);
    this.#counts = new Int32Array(sensors + 1);
    this.#last = new Float64Array(sensors + 1).fill(Number.NaN);
    this.#lastAt = new Float64Array(sensors + 1).fill(Number.NEGATIVE_INFINITY);
  }

  /** Closes the running row when `at` lies behind its end. Call before every sample, in order of event time. */
  advance(at: number, plantKw: number): MachineRow | null {
    const start = at - (at % this.#intervalMs);
    if (Number.isNaN(this.#start)) {
      this.#start = start;
      return null;
    }
    if (start <= this.#start) return null;
    const row = this.#close(plantKw);
    this.#start = start;
    return row;
  }

  /** Reading of sensor `index` (or of the power, index = number of sensors). NaN = bad: no reading from here on. */
  reading(index: number, value: number, at: number): void {
    this.#last[index] = value;
    this.#lastAt[index] = at;
    if (!Number.isFinite(value)) return;
    this.#sums[index] = (this.#sums[index] ?? 0) + value;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** Goes on in a state known from a checkpoint, which is no change of state. */
  resume(state: MachineState): void {
    this.#context = contextOf(state);
  }

  state(state: MachineState): void {
    const context = contextOf(state);
    if (context !== this.#context) this.#mixed = true;
    this.#context = context;
  }

  pieces(count: number): void {
    this.#pieces += count;
  }

  #close(plantKw: number): MachineRow {
    const end = this.#start + this.#intervalMs;
    const sensors = new Float64Array(this.#power);
    for (let index = 0; index < this.#power; index += 1) sensors[index] = this.#mean(index, end);
    const row: MachineRow = {
      at: end,
      context: this.#context,
      mixed: this.#mixed,
      powerKw: this.#mean(this.#power, end),
      pieces: this.#pieces,
      plantKw,
      sensors,
    };
    this.#sums.fill(0);
    this.#counts.fill(0);
    this.#mixed = false;
    this.#pieces = 0;
    return row;
  }

  #mean(index: number, end: number): number {
    const count = this.#counts[index] ?? 0;
    if (count > 0) return (this.#sums[index] ?? 0) / count;
    const held = end - (this.#lastAt[index] ?? 0) <= HOLD_INTERVALS * this.#intervalMs;
    return held ? (this.#last[index] ?? Number.NaN) : Number.NaN;
  }
}
