import type { Fault } from './fault.ts';
import type { MachineSpec } from './machine-kinds.ts';
import { createRandom, hashed, type Random } from './random.ts';

/** The model moves on this grid whatever it is asked for; values between grid points are interpolated. */
export const GRID_MS = 10_000;

export const stateCodes = { off: 0, standby: 1, idle: 2, run: 3, changeover: 4, alarm: 5 } as const;
export type StateCode = (typeof stateCodes)[keyof typeof stateCodes];

/** Quantities of one machine at one grid point; counters are unwrapped sums. */
export type Snapshot = {
  energyKwh: number;
  powerKw: number;
  good: number;
  scrap: number;
  state: StateCode;
  readonly sensors: Float64Array;
};

/** A sensor that freezes; `value` is NaN until the fault has begun. */
export type StuckSensor = { readonly fault: Fault; readonly index: number; value: number };

/** What one machine of the plant remembers from grid point to grid point. */
export type Machine = {
  readonly spec: MachineSpec;
  readonly line: number;
  readonly random: Random;
  readonly wears: readonly Fault[];
  readonly leaks: readonly Fault[];
  readonly wastes: readonly Fault[];
  readonly resetting: readonly Fault[];
  readonly stuck: readonly StuckSensor[];
  readonly bad: readonly Fault[];
  readonly jumps: readonly Fault[];
  readonly lags: Float64Array;
  /** Weight of the newest value in each lag. */
  readonly weights: Float64Array;
  before: Snapshot;
  after: Snapshot;
  /** Slow wander of the load around 1. */
  wander: number;
  stopUntil: number;
  /** Hours the tool has run. */
  toolHours: number;
  /** The last two times the meter began at 0, with the energy that had been counted until then. */
  readonly resets: { at: number; energyKwh: number }[];
};

/** A machine at rest, with its own random numbers. */
export function createMachine(
  spec: MachineSpec,
  options: { readonly line: number; readonly number: number; readonly seed: number; readonly faults: readonly Fault[] },
): Machine {
  const { line, number, seed } = options;
  const faults = options.faults.filter(({ path }) => path === spec.path);
  const ofKind = (kind: Fault['kind']): readonly Fault[] => faults.filter((fault) => fault.kind === kind);
  return {
    spec,
    line,
    random: createRandom(Math.floor(hashed(seed, 1000 + number) * 4_294_967_296)),
    wears: ofKind('bearing-wear'),
    leaks: ofKind('air-leak'),
    wastes: ofKind('standby-waste'),
    resetting: ofKind('counter-reset'),
    stuck: ofKind('stuck-sensor').flatMap((fault) => {
      const index = spec.sensors.findIndex(({ name }) => name === fault.tag);
      return index === -1 ? [] : [{ fault, index, value: Number.NaN }];
    }),
    bad: ofKind('bad-quality'),
    jumps: ofKind('clock-jump'),
    lags: new Float64Array(spec.sensors.length),
    weights: Float64Array.from(spec.sensors, (sensor) => 1 - Math.exp(-GRID_MS / 1000 / (sensor.lagSeconds ?? 1))),
    before: restingSnapshot(spec),
    after: restingSnapshot(spec),
    wander: 1,
    stopUntil: 0,
    toolHours: hashed(seed, 2000 + number) * spec.toolHours,
    resets: [],
  };
}

function restingSnapshot(spec: MachineSpec): Snapshot {
  return {
    energyKwh: 0,
    powerKw: spec.standbyKw,
    good: 0,
    scrap: 0,
    state: stateCodes.standby,
    sensors: Float64Array.from(spec.sensors, (sensor) => sensor.base),
  };
}

/** Whether a fault holds over the whole step that ends at a grid point; its effect is never seen before its start. */
export function holdsOverStep({ from, to }: Fault, gridAt: number): boolean {
  return gridAt - GRID_MS >= from && gridAt - GRID_MS < to;
}

/** Sum of the severities of the faults that hold. */
export function severityOf(faults: readonly Fault[], gridAt: number): number {
  let severity = 0;
  for (const fault of faults) if (holdsOverStep(fault, gridAt)) severity += fault.severity;
  return severity;
}

/** Bearing wear in [0, severity]: rises over the first half of the fault and stays. */
export function bearingWear(faults: readonly Fault[], gridAt: number): number {
  let wear = 0;
  for (const fault of faults) {
    if (!holdsOverStep(fault, gridAt)) continue;
    const elapsed = gridAt - GRID_MS - fault.from;
    wear = Math.max(wear, fault.severity * Math.min(1, (2 * elapsed) / (fault.to - fault.from)));
  }
  return wear;
}
