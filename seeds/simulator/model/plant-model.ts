import { SHANGHAI_OFFSET_MS, demandOf, localDay, orderOf, planOf, type Plan } from './calendar.ts';
import type { Fault } from './fault.ts';
import type { MachineSpec } from './machine-kinds.ts';
import { machineSpecs } from './machine-spec.ts';
import { createRandom, hashed } from './random.ts';

/** The model moves on this grid whatever it is asked for; values between grid points are interpolated. */
export const GRID_MS = 10_000;
const GRID_HOURS = GRID_MS / 3_600_000;
const DAY_MS = 86_400_000;
/** After this many days the plant has cut what its machines use at rest and when idle. */
const RETROFIT_DAY = 12;
const RETROFIT_STANDBY = 0.6;
const RETROFIT_IDLE = 0.968;
/** Air that is lost all the time, Nm³/min. */
const LEAK = 1.1;
/** Part of the air demand each compressor serves, over its own capacity in Nm³/min. */
const COMPRESSOR_SHARE = { lead: 0.7 / 7.5, lag: 0.3 / 4 } as const;
/** Air an air leak of severity 1 loses, as a load of the lead compressor. */
const LEAK_LOAD = 0.22;
const CHILLER_KW = 62;

export const stateCodes = { off: 0, standby: 1, idle: 2, run: 3, changeover: 4, alarm: 5 } as const;
export type StateCode = (typeof stateCodes)[keyof typeof stateCodes];

/** Numeric quantities of one machine at one grid point; counters are unwrapped sums. */
type Snapshot = {
  energyKwh: number;
  powerKw: number;
  good: number;
  scrap: number;
  state: StateCode;
  readonly sensors: Float64Array;
};

type Machine = {
  readonly spec: MachineSpec;
  readonly line: number;
  readonly faults: readonly Fault[];
  readonly lags: Float64Array;
  before: Snapshot;
  after: Snapshot;
  /** Slow wander of the load around 1. */
  wander: number;
  stopUntil: number;
  made: number;
  resetKwh: number;
  frozen: Map<number, number>;
};

/** What a tag shows. */
export type Reading = { readonly value: number | string; readonly bad: boolean };

const lineNames = [
  'body/press-line',
  'machining/cnc-line',
  'plastics/moulding-line',
  'electronics/smt-line',
  'utilities/media',
];

/**
 * The demo plant: a deterministic function of seed, start and faults. Time only moves forward (`advance`); the model runs
 * one grid step ahead so that values between grid points are interpolated and counters never fall.
 */
export class PlantModel {
  readonly #seed: number;
  readonly #startAt: number;
  readonly #machines: readonly Machine[];
  readonly #normal: () => number;
  readonly #uniform: () => number;
  /** Grid time of `after`. */
  #gridAt: number;
  #at: number;
  #ambient = 20;

  /** `startAt` (epoch ms) is a multiple of the grid. Faults must be known from the start, their times may lie anywhere. */
  constructor(options: { readonly seed: number; readonly startAt: number; readonly faults: readonly Fault[] }) {
    const { seed, startAt, faults } = options;
    const random = createRandom(seed);
    this.#seed = seed;
    this.#startAt = startAt;
    this.#normal = random.normal;
    this.#uniform = random.uniform;
    this.#machines = machineSpecs.map((spec) => ({
      spec,
      line: lineNames.indexOf(spec.path.split('/').slice(0, 2).join('/')),
      faults: faults.filter((fault) => fault.path === spec.path),
      lags: new Float64Array(spec.sensors.length),
      before: emptySnapshot(spec),
      after: emptySnapshot(spec),
      wander: 1,
      stopUntil: 0,
      made: 0,
      resetKwh: 0,
      frozen: new Map(),
    }));
    this.#gridAt = startAt - GRID_MS;
    this.#at = startAt;
    this.#tick();
    this.#tick();
  }

  /** Instant the readings are of, epoch ms. */
  get at(): number {
    return this.#at;
  }

  /** Moves the plant to `at`; going back is not possible. */
  advance(at: number): void {
    if (at < this.#at) return;
    this.#at = at;
    while (this.#gridAt < at) this.#tick();
  }

  state(machine: number): StateCode {
    return this.#machine(machine).before.state;
  }

  powerKw(machine: number): number {
    const { before, after } = this.#machine(machine);
    return this.#between(before.powerKw, after.powerKw);
  }

  /** Reading of the energy meter in its own unit, as it would stand on the display: rolled over, reset, rounded to Float. */
  meter(machine: number): number {
    const { spec, before, after, resetKwh } = this.#machine(machine);
    const factor = spec.meter.unit === 'W.h' ? 1000 : 1;
    const total = this.#between(before.energyKwh, after.energyKwh);
    const reading = resetKwh === 0 ? spec.meter.start + total * factor : (total - resetKwh) * factor;
    const wrapped = spec.meter.modulus === undefined ? reading : reading % spec.meter.modulus;
    return spec.meter.type === 'Float' ? Math.fround(wrapped) : wrapped;
  }

  good(machine: number): number {
    const { before, after } = this.#machine(machine);
    return Math.floor(this.#between(before.good, after.good));
  }

  scrap(machine: number): number {
    const { before, after } = this.#machine(machine);
    return Math.floor(this.#between(before.scrap, after.scrap));
  }

  sensor(machine: number, index: number): number {
    const { before, after, frozen } = this.#machine(machine);
    return frozen.get(index) ?? this.#between(before.sensors[index] ?? 0, after.sensors[index] ?? 0);
  }

  product(machine: number): string {
    const { line } = this.#machine(machine);
    return `P${line + 1}0${orderOf(this.#seed, line, this.#at).product + 1}`;
  }

  order(machine: number): string {
    const { line } = this.#machine(machine);
    return `WO-${orderOf(this.#seed, line, this.#at).number}`;
  }

  /** Whether a fault makes the tag's status Bad now. */
  isBad(machine: number, tag: string): boolean {
    return this.#machine(machine).faults.some(
      (fault) => fault.kind === 'bad-quality' && fault.tag === tag && this.#holds(fault),
    );
  }

  /** How far the machine's source timestamps are off, ms. */
  clockOffset(machine: number): number {
    return this.#machine(machine).faults.some((fault) => fault.kind === 'clock-jump' && this.#holds(fault))
      ? 3_600_000
      : 0;
  }

  #machine(index: number): Machine {
    const machine = this.#machines[index];
    if (machine === undefined) throw new RangeError(`the demo plant has no machine ${index}`);
    return machine;
  }

  #holds(fault: Fault): boolean {
    return this.#at >= fault.from && this.#at < fault.to;
  }

  #between(before: number, after: number): number {
    const share = 1 - (this.#gridAt - this.#at) / GRID_MS;
    return before + (after - before) * Math.max(0, Math.min(1, share));
  }

  #tick(): void {
    this.#gridAt += GRID_MS;
    const at = this.#gridAt;
    const day = localDay(at);
    const hour = ((at + SHANGHAI_OFFSET_MS) % DAY_MS) / 3_600_000;
    this.#ambient = 19 + 5 * Math.sin(((hour - 9) / 24) * 2 * Math.PI) + 3 * (hashed(this.#seed, day * 7 + 1) - 0.5);
    const demand = demandOf(this.#seed, day);
    let air = LEAK;
    let heat = Math.max(0, this.#ambient - 14) * 1.1;
    for (const machine of this.#machines) {
      if (machine.line === 4) continue;
      const load = this.#produce(machine, at, demand);
      air += machine.spec.air * load;
      heat += machine.spec.heat * load;
    }
    for (const machine of this.#machines) {
      if (machine.line === 4) this.#serve(machine, at, this.#utilityLoad(machine, at, { air, heat }));
    }
  }

  #utilityLoad({ spec, faults }: Machine, at: number, demand: { readonly air: number; readonly heat: number }): number {
    if (spec.kind === 'chiller') return Math.min(1.1, demand.heat / CHILLER_KW);
    const leak = faults.find((fault) => fault.kind === 'air-leak' && at >= fault.from && at < fault.to);
    const share = spec.path.endsWith('1') ? COMPRESSOR_SHARE.lead : COMPRESSOR_SHARE.lag;
    return Math.min(1.1, demand.air * share + (leak?.severity ?? 0) * LEAK_LOAD);
  }

  /** A producing machine; returns its load in [0, 1.2]. */
  #produce(machine: Machine, at: number, demand: number): number {
    const { spec } = machine;
    const plan = planOf(this.#seed, machine.line, at);
    const state = this.#stateOf(machine, plan, at);
    const product = orderOf(this.#seed, machine.line, at).product;
    machine.wander += 0.01 * (1 - machine.wander) + 0.006 * this.#normal();
    const speed = demand * (1 + (product - 1) * 0.04);
    const load = state === stateCodes.run ? Math.max(0.4, Math.min(1.2, speed * machine.wander)) : 0;
    const next = this.#turn(machine, state);
    if (load > 0 && spec.cycleSeconds > 0) {
      const pieces = (GRID_MS / 1000 / spec.cycleSeconds) * spec.piecesPerCycle * speed;
      machine.made += pieces;
      const scrap = pieces * spec.scrapShare * (0.5 + this.#uniform());
      next.good += pieces - scrap;
      next.scrap += scrap;
    }
    this.#consume(machine, at, load);
    return load;
  }

  /** A utility machine follows the demand. */
  #serve(machine: Machine, at: number, load: number): void {
    this.#turn(machine, load > 0.04 ? stateCodes.run : stateCodes.idle);
    this.#consume(machine, at, load);
  }

  /** The newest snapshot becomes the older one; its place takes the next grid point, with counters carried on. */
  #turn(machine: Machine, state: StateCode): Snapshot {
    const next = machine.before;
    machine.before = machine.after;
    machine.after = next;
    next.energyKwh = machine.before.energyKwh;
    next.good = machine.before.good;
    next.scrap = machine.before.scrap;
    next.state = state;
    return next;
  }

  #stateOf(machine: Machine, plan: Plan, at: number): StateCode {
    switch (plan) {
      case 'rest':
        return stateCodes.standby;
      case 'break':
        return stateCodes.idle;
      case 'changeover':
        return stateCodes.changeover;
      case 'run':
        break;
      default:
        plan satisfies never;
    }
    if (at < machine.stopUntil) return machine.stopUntil - at > 240_000 ? stateCodes.alarm : stateCodes.idle;
    // A short stop every three hours or so, two to six minutes long.
    if (this.#uniform() < 1 / 1080) machine.stopUntil = at + 120_000 + this.#uniform() * 240_000;
    return stateCodes.run;
  }

  #consume(machine: Machine, at: number, load: number): void {
    const { spec, after } = machine;
    const wear = this.#wearOf(machine, at);
    const retrofit = at - this.#startAt >= RETROFIT_DAY * DAY_MS ? RETROFIT_STANDBY : 1;
    let power = spec.idleKw * (retrofit === 1 ? 1 : RETROFIT_IDLE) + (spec.runKw - spec.idleKw) * load;
    if (after.state === stateCodes.standby)
      power = this.#wastes(machine, at) ? spec.idleKw * 0.9 : spec.standbyKw * retrofit;
    power = Math.max(0, power * (1 + 0.05 * wear) * (1 + 0.012 * this.#normal()));
    after.powerKw = power;
    after.energyKwh += power * GRID_HOURS;
    for (const fault of machine.faults) {
      if (fault.kind === 'counter-reset' && machine.resetKwh === 0 && at >= fault.from)
        machine.resetKwh = after.energyKwh;
    }
    const ambient = this.#ambient - 20;
    for (let index = 0; index < spec.sensors.length; index += 1) {
      const sensor = spec.sensors[index];
      if (sensor === undefined) continue;
      const goal = (sensor.load ?? 0) * load + (sensor.wear ?? 0) * wear * (load > 0 ? 1 : 0.2);
      const lag = machine.lags[index] ?? 0;
      const weight = 1 - Math.exp(-GRID_MS / 1000 / Math.max(1, sensor.lagSeconds ?? 1));
      machine.lags[index] = lag + weight * (goal - lag);
      after.sensors[index] =
        sensor.base + (sensor.ambient ?? 0) * ambient + (machine.lags[index] ?? 0) + sensor.noise * this.#normal();
    }
    this.#freeze(machine, at);
  }

  /** Bearing wear in [0, severity]: rises over the first half of the fault and stays. */
  #wearOf(machine: Machine, at: number): number {
    let wear = 0;
    for (const fault of machine.faults) {
      if (fault.kind !== 'bearing-wear' || at < fault.from || at >= fault.to) continue;
      wear = Math.max(wear, fault.severity * Math.min(1, (at - fault.from) / ((fault.to - fault.from) / 2)));
    }
    return wear;
  }

  #wastes(machine: Machine, at: number): boolean {
    return machine.faults.some((fault) => fault.kind === 'standby-waste' && at >= fault.from && at < fault.to);
  }

  #freeze(machine: Machine, at: number): void {
    for (const fault of machine.faults) {
      if (fault.kind !== 'stuck-sensor') continue;
      const index = machine.spec.sensors.findIndex((sensor) => sensor.name === fault.tag);
      const holds = at >= fault.from && at < fault.to;
      if (holds && !machine.frozen.has(index)) machine.frozen.set(index, machine.after.sensors[index] ?? 0);
      if (!holds) machine.frozen.delete(index);
    }
  }
}

function emptySnapshot(spec: MachineSpec): Snapshot {
  return {
    energyKwh: 0,
    powerKw: spec.standbyKw,
    good: 0,
    scrap: 0,
    state: stateCodes.standby,
    sensors: Float64Array.from(spec.sensors, (sensor) => sensor.base),
  };
}
