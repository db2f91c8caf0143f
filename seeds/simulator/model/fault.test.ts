import { planOf } from './calendar.ts';
import { describe, expect, it } from 'vitest';
import { defaultFaultPlan, faultClass, faultKinds, type Fault, type FaultKind } from './fault.ts';
import { machineSpecs } from './machine-spec.ts';
import { PlantModel } from './plant-model.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Sunday, 08:00 in Shanghai. */
const startAt = Date.parse('2026-03-01T00:00:00Z');
/** Tuesday 14:00 in Shanghai and a bit, off every grid. */
const from = Date.parse('2026-03-03T06:00:00Z') + 3_456;

const machineOf = (path: string): number => machineSpecs.findIndex((spec) => spec.path === path);
const sensor = (model: PlantModel, machine: number, name: string): number =>
  model.sensor(machine, machineSpecs[machine]?.sensors.findIndex((known) => known.name === name) ?? -1);
const faultOf = (kind: FaultKind, path: string, rest: Partial<Fault> = {}): Fault => ({
  id: kind,
  kind,
  path,
  from,
  to: from + 8 * HOUR,
  severity: 1,
  ...rest,
});

/** All values, status and clock of one machine. */
function readings(model: PlantModel, machine: number): (number | string | boolean)[] {
  return [
    model.state(machine),
    model.powerKw(machine),
    model.meter(machine),
    model.good(machine),
    model.scrap(machine),
    model.order(machine),
    model.clockOffset(machine),
    ...(machineSpecs[machine]?.sensors ?? []).flatMap(({ name }, index) => [
      model.sensor(machine, index),
      model.isBad(machine, name),
    ]),
  ];
}

/** The plant with and without the fault, at the same instants. */
function pair(fault: Fault, at: number): { healthy: PlantModel; faulty: PlantModel; machine: number } {
  const healthy = new PlantModel({ seed: 1, startAt, faults: [] });
  const faulty = new PlantModel({ seed: 1, startAt, faults: [fault] });
  healthy.advance(at);
  faulty.advance(at);
  return { healthy, faulty, machine: machineOf(fault.path) };
}

/** Mean over an hour of a reading, faulty minus healthy. */
function change(
  models: { healthy: PlantModel; faulty: PlantModel },
  at: number,
  read: (model: PlantModel) => number,
): number {
  let sum = 0;
  for (let minute = 0; minute < 60; minute += 1) {
    models.healthy.advance(at + minute * MINUTE);
    models.faulty.advance(at + minute * MINUTE);
    sum += (read(models.faulty) - read(models.healthy)) / 60;
  }
  return sum;
}

const cnc = 'machining/cnc-line/cnc-1';
const all: readonly Fault[] = [
  faultOf('bearing-wear', cnc),
  faultOf('air-leak', 'utilities/media/compressor-1'),
  faultOf('stuck-sensor', cnc, { tag: 'SpindleTemperature' }),
  faultOf('standby-waste', 'body/press-line/press-1', { to: from + DAY }),
  faultOf('counter-reset', 'body/press-line/press-2'),
  faultOf('bad-quality', cnc, { tag: 'CoolantPressure' }),
  faultOf('clock-jump', cnc),
];

describe('a fault', () => {
  it.each(all)('of kind $kind changes nothing before its start and nothing of other machines', (fault) => {
    const { healthy, faulty, machine } = pair(fault, fault.from - MINUTE);
    for (let at = fault.from - MINUTE; at < fault.from; at += 777) {
      healthy.advance(at);
      faulty.advance(at);
      expect(readings(faulty, machine)).toEqual(readings(healthy, machine));
    }
    healthy.advance(fault.from + 6 * HOUR);
    faulty.advance(fault.from + 6 * HOUR);
    for (const other of machineSpecs.keys().filter((index) => index !== machine)) {
      expect(readings(faulty, other)).toEqual(readings(healthy, other));
    }
  });

  it('bearing-wear slowly raises vibration, bearing temperature and power', () => {
    const models = pair(faultOf('bearing-wear', cnc), from);
    const { machine } = models;
    const early = change(models, from + 10 * MINUTE, (model) => sensor(model, machine, 'SpindleVibration'));
    const late = change(models, from + 4 * HOUR, (model) => sensor(model, machine, 'SpindleVibration'));
    expect(early).toBeLessThan(late / 2);
    expect(late).toBeGreaterThan(1);
    expect(change(models, from + 5 * HOUR, (model) => sensor(model, machine, 'SpindleTemperature'))).toBeGreaterThan(3);
    expect(change(models, from + 6 * HOUR, (model) => model.powerKw(machine))).toBeGreaterThan(0.3);
  });

  it('air-leak raises flow and power and lowers pressure for the same demand', () => {
    const models = pair(faultOf('air-leak', 'utilities/media/compressor-1'), from);
    const { machine } = models;
    expect(change(models, from + HOUR, (model) => sensor(model, machine, 'AirFlow'))).toBeGreaterThan(1);
    expect(change(models, from + 3 * HOUR, (model) => sensor(model, machine, 'DischargePressure'))).toBeLessThan(-0.2);
    expect(change(models, from + 5 * HOUR, (model) => model.powerKw(machine))).toBeGreaterThan(5);
  });

  it('stuck-sensor keeps exactly the value of its start and lets go at its end', () => {
    const fault = faultOf('stuck-sensor', cnc, { tag: 'SpindleTemperature' });
    const { healthy, faulty, machine } = pair(fault, from);
    const stuck = sensor(healthy, machine, 'SpindleTemperature');
    for (const at of [from, from + 1, from + HOUR, fault.to - 1]) {
      faulty.advance(at);
      expect(sensor(faulty, machine, 'SpindleTemperature')).toBe(stuck);
    }
    healthy.advance(fault.to);
    faulty.advance(fault.to);
    expect(readings(faulty, machine)).toEqual(readings(healthy, machine));
  });

  it('standby-waste keeps power high at night while the state says standby', () => {
    const models = pair(faultOf('standby-waste', 'body/press-line/press-1', { to: from + DAY }), from);
    const { machine, healthy, faulty } = models;
    const night = Date.parse('2026-03-03T18:00:00Z');
    expect(change(models, night, (model) => model.powerKw(machine))).toBeGreaterThan(5);
    expect(change(models, night + 2 * HOUR, (model) => sensor(model, machine, 'MotorCurrent'))).toBeGreaterThan(5);
    expect(faulty.state(machine)).toBe(healthy.state(machine));
  });

  it('counter-reset sets the energy counter to 0 at once and again when it comes twice', () => {
    const path = 'body/press-line/press-2';
    const again = from + 3 * HOUR;
    const faults = [faultOf('counter-reset', path), faultOf('counter-reset', path, { id: 'again', from: again })];
    const model = new PlantModel({ seed: 1, startAt, faults });
    const machine = machineOf(path);
    model.advance(from - 1);
    expect(model.meter(machine)).toBeGreaterThan(48_000);
    for (const at of [from, again]) {
      model.advance(at - 1);
      expect(model.meter(machine)).toBeGreaterThan(10);
      model.advance(at);
      expect(model.meter(machine)).toBeCloseTo(0, 9);
      model.advance(at + 500);
      expect(model.meter(machine)).toBeGreaterThan(0);
    }
  });

  it('bad-quality hits its tag alone and as long as it lasts', () => {
    const fault = faultOf('bad-quality', cnc, { tag: 'CoolantPressure' });
    const { faulty, machine } = pair(fault, from);
    expect(faulty.isBad(machine, 'CoolantPressure')).toBe(true);
    expect(faulty.isBad(machine, 'CoolantTemperature')).toBe(false);
    faulty.advance(fault.to);
    expect(faulty.isBad(machine, 'CoolantPressure')).toBe(false);
  });

  it('clock-jump moves the source timestamps by an hour times its severity', () => {
    const { faulty, machine } = pair(faultOf('clock-jump', cnc, { severity: 0.5 }), from);
    expect(faulty.clockOffset(machine)).toBe(HOUR / 2);
  });
});

describe('the default fault plan', () => {
  const range = { from: startAt, to: startAt + 10 * DAY };

  it('has one fault of each kind inside the range, on machines and tags that exist', () => {
    for (const seed of [undefined, 1, 2, 3, 4]) {
      const plan = defaultFaultPlan(seed === undefined ? range : { ...range, seed });
      expect(plan.map(({ kind }) => kind).toSorted()).toEqual([...faultKinds].toSorted());
      for (const fault of plan) {
        expect(fault.from).toBeGreaterThanOrEqual(range.from);
        expect(fault.to).toBeLessThanOrEqual(range.to);
        const spec = machineSpecs[machineOf(fault.path)];
        expect(spec).toBeDefined();
        expect([undefined, ...(spec?.sensors.map(({ name }) => name) ?? [])]).toContain(fault.tag);
      }
    }
  });

  it('lets standby waste begin at night, whatever the hour at which the range begins', () => {
    for (let hour = 0; hour < 24; hour += 1) {
      const from = range.from + hour * 3_600_000;
      const waste = defaultFaultPlan({ from, to: from + DAY }).find(({ kind }) => kind === 'standby-waste');
      expect(planOf(0, waste?.from ?? 0)).toBe('rest');
      expect(planOf(0, (waste?.from ?? 0) + 7_200_000)).toBe('rest');
    }
  });

  it('is the same for the same seed and another one for another seed', () => {
    expect(defaultFaultPlan({ ...range, seed: 5 })).toEqual(defaultFaultPlan({ ...range, seed: 5 }));
    expect(defaultFaultPlan({ ...range, seed: 5 })).not.toEqual(defaultFaultPlan({ ...range, seed: 6 }));
  });

  it('tells faults of the process from faults of the data', () => {
    expect(faultKinds.filter((kind) => faultClass(kind) === 'process')).toEqual([
      'bearing-wear',
      'air-leak',
      'stuck-sensor',
      'standby-waste',
    ]);
  });
});
