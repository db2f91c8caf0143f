import { demoMachines } from './demo-plant.ts';
import type { Fault } from './model/fault.ts';
import { PlantModel } from './model/plant-model.ts';

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
  const last = new Map<string, number | string>();
  let hour = Math.floor(options.from / 3_600_000);
  for (let at = options.from; at < options.to; at += options.stepMs) {
    model.advance(at);
    for (let machine = 0; machine < demoMachines.length; machine += 1) {
      const tags = demoMachines[machine]?.tags ?? [];
      const stamp = at + model.clockOffset(machine);
      for (let index = 0; index < tags.length; index += 1) {
        const entry = tags[index];
        if (entry === undefined) continue;
        const value = entry.read(model, machine);
        const { role } = entry.tag;
        if (role === 'state' || role === 'product' || role === 'order') {
          const key = `${machine}/${index}`;
          if (last.get(key) === value) continue;
          last.set(key, value);
        }
        if (role === 'process' && model.isBad(machine, entry.tag.name)) visit(machine, index, stamp, null, BAD_SENSOR);
        else visit(machine, index, stamp, value, 0);
      }
    }
    const now = Math.floor(at / 3_600_000);
    if (now !== hour) {
      hour = now;
      yield (at - options.from) / (options.to - options.from);
    }
  }
}
