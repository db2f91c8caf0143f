import { isRestart } from './calendar.ts';
import { GRID_MS, bearingWear, severityOf, stateCodes, type Machine } from './machine-state.ts';

const GRID_HOURS = GRID_MS / 3_600_000;
/** Heat of a heated part while the machine is on but makes nothing, as a share of its heat at full load. */
const HEAT_HELD = 0.85;
/** A worn tool counts as this share of a worn bearing. */
const TOOL_WEAR = 0.04;

/** What a machine does over a step of the grid. */
export type Activity = {
  /** In [0, 1.2] of full load. */
  load: number;
  warmingUp: boolean;
  /** Share of the standby and of the idle power that is left after the retrofit. */
  standbyShare: number;
  idleShare: number;
  /** Ambient temperature over 20 °C, K. */
  ambient: number;
};

/** Fills the newest snapshot of a machine with power, energy and sensors; its state is already set. */
export function consume(machine: Machine, at: number, activity: Activity): void {
  const { spec, before, after, random } = machine;
  const { load } = activity;
  const wear = bearingWear(machine.wears, at) + toolWear(machine, load);
  const power = Math.max(0, wantedPower(machine, at, activity) * (1 + 0.05 * wear) * (1 + 0.012 * random.normal()));
  after.powerKw = power;
  after.energyKwh = before.energyKwh + ((before.powerKw + power) / 2) * GRID_HOURS;
  const isOn = after.state !== stateCodes.standby && after.state !== stateCodes.off;
  const heat = isOn ? Math.max(load, HEAT_HELD) : 0;
  const felt = wear * (load > 0 ? 1 : 0.2);
  const leak = severityOf(machine.leaks, at);
  const powerShare = power / spec.runKw;
  for (let index = 0; index < spec.sensors.length; index += 1) {
    const sensor = spec.sensors[index];
    if (sensor === undefined) continue;
    const goal =
      (sensor.load ?? 0) * (sensor.heated === true ? heat : load) +
      (sensor.power ?? 0) * powerShare +
      (sensor.wear ?? 0) * felt +
      (sensor.leak ?? 0) * leak;
    const lag = machine.lags[index] ?? 0;
    const next = lag + (machine.weights[index] ?? 1) * (goal - lag);
    machine.lags[index] = next;
    after.sensors[index] =
      sensor.base + (sensor.ambient ?? 0) * activity.ambient + next + sensor.noise * random.normal();
  }
  freeze(machine, at);
  resetMeter(machine, at);
}

function wantedPower({ spec, after, wastes }: Machine, at: number, activity: Activity): number {
  const { standbyShare, idleShare, warmingUp, load } = activity;
  if (after.state === stateCodes.standby) {
    const waste = Math.min(1, severityOf(wastes, at));
    return spec.standbyKw * standbyShare + waste * (spec.idleKw * 0.9 - spec.standbyKw * standbyShare);
  }
  const idle = spec.idleKw * idleShare;
  return warmingUp ? Math.max(idle, spec.runKw * spec.warmUp) : idle + (spec.runKw - spec.idleKw) * load;
}

/** Tool wear rises with running hours until the tool is changed. */
function toolWear(machine: Machine, load: number): number {
  const { toolHours } = machine.spec;
  if (toolHours === 0) return 0;
  if (load > 0) machine.toolHours += GRID_HOURS;
  else if (machine.toolHours >= toolHours) machine.toolHours = 0;
  return TOOL_WEAR * Math.min(1.3, machine.toolHours / toolHours);
}

/** Keeps what a sensor showed at the very start of its fault. */
function freeze({ stuck, before, after }: Machine, at: number): void {
  for (const sensor of stuck) {
    const { from } = sensor.fault;
    if (!Number.isNaN(sensor.value) || from > at) continue;
    const share = from > at - GRID_MS ? 1 - (at - from) / GRID_MS : 1;
    const old = before.sensors[sensor.index] ?? 0;
    sensor.value = old + ((after.sensors[sensor.index] ?? 0) - old) * share;
  }
}

function resetMeter({ spec, resetting, resets, before, after }: Machine, at: number): void {
  const begin = at - GRID_MS;
  const note = (moment: number): void => {
    const share = (moment - begin) / GRID_MS;
    resets.push({ at: moment, energyKwh: before.energyKwh + (after.energyKwh - before.energyKwh) * share });
    if (resets.length > 2) resets.shift();
  };
  for (const { from } of resetting) if (from > begin && from <= at) note(from);
  if (spec.meter.resets === true && isRestart(begin, at)) note(at);
}
