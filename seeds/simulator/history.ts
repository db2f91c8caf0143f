import { demoMachines } from './demo-plant.ts';
import type { Fault } from './model/fault.ts';
import { PlantModel } from './model/plant-model.ts';

const HOUR_MS = 3_600_000;
/** BadSensorFailure. */
export const BAD_SENSOR = 0x80_8c_00_00;

export type HistoryOptions = {
  readonly seed: number;
  /** Start of the model, epoch ms. */
  readonly startAt: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly stepMs: number;
  readonly faults: readonly Fault[];
};

/** One value; `machine` and `tag` are indexes of `demoMachines`. A bad value is null. */
export type HistoryVisit = (
  machine: number,
  tag: number,
  at: number,
  value: number | string | null,
  statusCode: number,
) => void;

/**
 * What the demo plant's server would have served: numbers at every step, states, products and orders when they change.
 * Yields the share that is done once per hour of plant time, so that the caller can breathe and show progress.
 */
export function* generateHistory(options: HistoryOptions, visit: HistoryVisit): Generator<number> {
  const model = new PlantModel(options);
  const last: (number | string | null)[][] = demoMachines.map(() => []);
  let hour = Math.floor(options.from / HOUR_MS);
  for (let at = options.from; at < options.to; at += options.stepMs) {
    model.advance(at);
    for (let machine = 0; machine < demoMachines.length; machine += 1) {
      const tags = demoMachines[machine]?.tags ?? [];
      const seen = last[machine] ?? [];
      const stamp = at + model.clockOffset(machine);
      for (let index = 0; index < tags.length; index += 1) {
        const entry = tags[index];
        if (entry === undefined) continue;
        const { role, name } = entry.tag;
        const isBad = model.isBad(machine, name);
        const value = isBad ? null : entry.read(model, machine);
        if (role === 'state' || role === 'product' || role === 'order') {
          if (seen[index] === value) continue;
          seen[index] = value;
        }
        visit(machine, index, stamp, value, isBad ? BAD_SENSOR : 0);
      }
    }
    const now = Math.floor(at / HOUR_MS);
    if (now !== hour) {
      hour = now;
      yield (at - options.from) / (options.to - options.from);
    }
  }
}
