import { contexts, type MachineRow } from './machine-row.ts';

const DAY_MS = 86_400_000;
/** Memories (in rows) over which load is smoothed: a sensor that follows the load as a first-order lag is a mix of these. */
const MEMORIES = [3, 10, 30, 90] as const;
/** Driving quantities that are smoothed: own power, running (0/1), pieces, plant power. */
const DRIVERS = 4;
const SMOOTHED = DRIVERS * (1 + MEMORIES.length);
/** 1, contexts one-hot, drivers now and smoothed, day sine and cosine. */
export const FEATURES = 1 + contexts.length + SMOOTHED + 2;
/** Feature indexes that must not explain the machine's own power: its own power, now and smoothed. */
export const OWN_POWER_FEATURES: ReadonlySet<number> = new Set(
  Array.from({ length: 1 + MEMORIES.length }, (_, index) => 1 + contexts.length + index * DRIVERS),
);

/** What a machine was doing lately, as predictors for its sensors. Keeps the smoothed drivers between rows. */
export class LoadFeatures {
  readonly #smoothed = new Float64Array(DRIVERS * MEMORIES.length);
  readonly #drivers = new Float64Array(DRIVERS);
  #fresh = true;
  #missing = 0;

  /** The smoothed drivers, for a checkpoint. */
  get memory(): readonly number[] {
    return this.#fresh ? [] : [...this.#smoothed];
  }

  /** Goes on from a checkpoint. */
  restore(memory: readonly number[]): void {
    if (memory.length !== this.#smoothed.length) return;
    this.#smoothed.set(memory);
    this.#fresh = false;
  }

  /** Rows that are missing before the next one: it is taken to have held meanwhile. */
  skip(rows: number): void {
    this.#missing += rows;
  }

  /** Takes the row and writes its FEATURES predictors into `out` from `offset` on. */
  next(row: MachineRow, out: Float64Array, offset = 0): void {
    const drivers = this.#drivers;
    drivers[0] = Number.isFinite(row.powerKw) ? row.powerKw : 0;
    drivers[1] = row.context === 'run' ? 1 : 0;
    drivers[2] = row.pieces;
    drivers[3] = row.plantKw;
    let at = offset;
    out[at++] = 1;
    for (const context of contexts) out[at++] = row.context === context ? 1 : 0;
    for (let driver = 0; driver < DRIVERS; driver += 1) out[at++] = drivers[driver] ?? 0;
    for (let memory = 0; memory < MEMORIES.length; memory += 1) {
      const weight = this.#fresh ? 1 : 1 - (1 - 1 / (MEMORIES[memory] ?? 1)) ** (1 + this.#missing);
      for (let driver = 0; driver < DRIVERS; driver += 1) {
        const index = memory * DRIVERS + driver;
        const before = this.#smoothed[index] ?? 0;
        const after = before + weight * ((drivers[driver] ?? 0) - before);
        this.#smoothed[index] = after;
        out[at++] = after;
      }
    }
    const phase = ((row.at % DAY_MS) / DAY_MS) * 2 * Math.PI;
    out[at++] = Math.sin(phase);
    out[at] = Math.cos(phase);
    this.#fresh = false;
    this.#missing = 0;
  }
}
