import { SHANGHAI_OFFSET_MS, demandOf, localDay, orderOf, paceOf, planOf, rampOf, type Plan } from './calendar.ts';
import { consume, type Activity } from './consumption.ts';
import type { Fault } from './fault.ts';
import {
  GRID_MS,
  createMachine,
  severityOf,
  stateCodes,
  type Machine,
  type Snapshot,
  type StateCode,
} from './machine-state.ts';
import { machineSpecs } from './machine-spec.ts';
import { hashed } from './random.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** After this many days the plant has cut what its machines use at rest and when idle, and mended its air net. */
const RETROFIT_DAY = 15;
const RETROFIT = { standby: 0.79, idle: 0.988, leak: 0.9 } as const;
/** Air that is lost all the time, Nm³/min. */
const LEAK = 1.1;
/** Part of the air demand each compressor serves, over its own capacity in Nm³/min. */
const COMPRESSOR_SHARE = { lead: 0.7 / 7.5, lag: 0.3 / 4 } as const;
/** Air an air leak of severity 1 loses, as a load of the compressor. */
const LEAK_LOAD = 0.22;
const CHILLER_KW = 62;
/** Source timestamps of a clock jump of severity 1 are this far ahead. */
const CLOCK_JUMP_MS = HOUR_MS;

const lineNames = [
  'body/press-line',
  'machining/cnc-line',
  'plastics/moulding-line',
  'electronics/smt-line',
  'utilities/media',
];
const UTILITIES = 4;

/** What holds for all machines of a line over one step of the grid. */
type LineStep = { plan: Plan; product: number; speed: number };

/**
 * The demo plant: a deterministic function of seed, start and faults. Time only moves forward (`advance`); the model runs
 * one grid step ahead so that values between grid points are interpolated and counters never fall.
 */
export class PlantModel {
  readonly #seed: number;
  readonly #retrofitAt: number;
  readonly #machines: readonly Machine[];
  readonly #lines: readonly LineStep[] = lineNames.map(() => ({ plan: 'rest', product: 0, speed: 0 }));
  readonly #activity: Activity = { load: 0, warmingUp: false, standbyShare: 1, idleShare: 1, ambient: 0 };
  /** Grid time of the newest snapshots. */
  #gridAt: number;
  #at: number;

  /** `startAt` (epoch ms) is a multiple of the grid. Faults must be known from the start, their times may lie anywhere. */
  constructor(options: { readonly seed: number; readonly startAt: number; readonly faults: readonly Fault[] }) {
    const { seed, startAt, faults } = options;
    this.#seed = seed;
    this.#retrofitAt = startAt + RETROFIT_DAY * DAY_MS;
    this.#machines = machineSpecs.map((spec, number) =>
      createMachine(spec, { line: lineNames.indexOf(lineOf(spec.path)), number, seed, faults }),
    );
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
    const { before, after } = this.#machine(machine);
    return this.#at >= this.#gridAt ? after.state : before.state;
  }

  powerKw(machine: number): number {
    const { before, after } = this.#machine(machine);
    return this.#between(before.powerKw, after.powerKw);
  }

  /** Reading of the energy meter in its own unit, as it would stand on the display: rolled over, reset, rounded to Float. */
  meter(machine: number): number {
    const { spec, before, after, resets } = this.#machine(machine);
    const total = this.#between(before.energyKwh, after.energyKwh);
    const factor = spec.meter.unit === 'W.h' ? 1000 : 1;
    const reset = resets.findLast(({ at }) => at <= this.#at);
    const reading = reset === undefined ? spec.meter.start + total * factor : (total - reset.energyKwh) * factor;
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
    const { before, after, stuck } = this.#machine(machine);
    for (const sensor of stuck) if (sensor.index === index && this.#holds(sensor.fault)) return sensor.value;
    return this.#between(before.sensors[index] ?? 0, after.sensors[index] ?? 0);
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
    for (const fault of this.#machine(machine).bad) if (fault.tag === tag && this.#holds(fault)) return true;
    return false;
  }

  /** How far the machine's source timestamps are off, ms. */
  clockOffset(machine: number): number {
    for (const fault of this.#machine(machine).jumps) {
      if (this.#holds(fault)) return Math.round(CLOCK_JUMP_MS * fault.severity);
    }
    return 0;
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
    const ambient = this.#ambientAt(at);
    const demand = demandOf(this.#seed, localDay(at));
    const isRetrofitted = at >= this.#retrofitAt;
    this.#activity.ambient = ambient - 20;
    this.#activity.standbyShare = isRetrofitted ? RETROFIT.standby : 1;
    this.#activity.idleShare = isRetrofitted ? RETROFIT.idle : 1;
    for (let line = 0; line < UTILITIES; line += 1) this.#stepLine(line, at, demand);
    let air = LEAK * (isRetrofitted ? RETROFIT.leak : 1);
    let heat = Math.max(0, ambient - 14) * 1.1;
    for (const machine of this.#machines) {
      if (machine.line === UTILITIES) continue;
      const load = this.#produce(machine, at);
      air += machine.spec.air * load;
      heat += machine.spec.heat * load;
    }
    for (const machine of this.#machines) {
      if (machine.line === UTILITIES) this.#serve(machine, at, utilityLoad(machine, at, air, heat));
    }
  }

  /** Ambient temperature in °C: a daily wave, coldest at 03:00 and warmest at 15:00, on a mean that drifts from day to day. */
  #ambientAt(at: number): number {
    const day = localDay(at);
    const share = ((at + SHANGHAI_OFFSET_MS) % DAY_MS) / DAY_MS;
    const today = hashed(this.#seed, day * 7 + 1);
    const drift = today + (hashed(this.#seed, day * 7 + 8) - today) * share;
    return 18 + 2 * drift + 5 * Math.sin((share - 0.375) * 2 * Math.PI);
  }

  #stepLine(line: number, at: number, demand: number): void {
    const step = this.#lines[line];
    if (step === undefined) return;
    step.plan = planOf(line, at, demand);
    step.product = orderOf(this.#seed, line, at).product;
    step.speed = paceOf(line, demand) * (1 + (step.product - 1) * 0.03) * rampOf(line, at);
  }

  /** A producing machine; returns its load in [0, 1.2]. */
  #produce(machine: Machine, at: number): number {
    const { spec, random } = machine;
    const { plan, speed } = this.#lines[machine.line] ?? { plan: 'rest', speed: 0 };
    const state = stateOf(machine, plan, at);
    machine.wander += 0.01 * (1 - machine.wander) + 0.006 * random.normal();
    const load = state === stateCodes.run ? Math.max(0.4, Math.min(1.2, speed * machine.wander)) : 0;
    const next = turn(machine, state);
    if (load > 0 && spec.cycleSeconds > 0) {
      const pieces = (GRID_MS / 1000 / spec.cycleSeconds) * spec.piecesPerCycle * speed;
      const scrap = pieces * spec.scrapShare * (0.5 + random.uniform());
      next.good += pieces - scrap;
      next.scrap += scrap;
    }
    this.#activity.load = load;
    this.#activity.warmingUp = plan === 'warm-up';
    consume(machine, at, this.#activity);
    return load;
  }

  /** A utility machine follows the demand. */
  #serve(machine: Machine, at: number, load: number): void {
    turn(machine, load > 0.04 ? stateCodes.run : stateCodes.idle);
    this.#activity.load = load;
    this.#activity.warmingUp = false;
    consume(machine, at, this.#activity);
  }
}

function lineOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Load of a compressor by the air (Nm³/min) that is asked for, of the chiller by the heat (kW). */
function utilityLoad({ spec, leaks }: Machine, at: number, air: number, heat: number): number {
  if (spec.kind === 'chiller') return Math.min(1.1, heat / CHILLER_KW);
  const share = spec.path.endsWith('1') ? COMPRESSOR_SHARE.lead : COMPRESSOR_SHARE.lag;
  return Math.min(1.1, air * share + severityOf(leaks, at) * LEAK_LOAD);
}

/** The newest snapshot becomes the older one; its place takes the next grid point, with counters carried on. */
function turn(machine: Machine, state: StateCode): Snapshot {
  const next = machine.before;
  machine.before = machine.after;
  machine.after = next;
  next.good = machine.before.good;
  next.scrap = machine.before.scrap;
  next.state = state;
  return next;
}

function stateOf(machine: Machine, plan: Plan, at: number): StateCode {
  switch (plan) {
    case 'rest':
      return stateCodes.standby;
    case 'warm-up':
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
  if (machine.random.uniform() < 1 / 1080) machine.stopUntil = at + 120_000 + machine.random.uniform() * 240_000;
  return stateCodes.run;
}
