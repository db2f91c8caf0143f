import { describe, expect, it } from 'vitest';
import { machineSpecs } from './machine-spec.ts';
import { stateCodes } from './machine-state.ts';
import { PlantModel } from './plant-model.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Sunday, 08:00 in Shanghai. */
const startAt = Date.parse('2026-03-01T00:00:00Z');
const create = (seed = 1): PlantModel => new PlantModel({ seed, startAt, faults: [] });
const machineOf = (path: string): number => machineSpecs.findIndex((spec) => spec.path === path);
const sensorOf = (machine: number, name: string): number =>
  machineSpecs[machine]?.sensors.findIndex((sensor) => sensor.name === name) ?? -1;

/** Everything the model shows now. */
function readings(model: PlantModel): (number | string)[] {
  return machineSpecs.flatMap((spec, machine) => [
    model.state(machine),
    model.powerKw(machine),
    model.meter(machine),
    model.good(machine),
    model.scrap(machine),
    model.product(machine),
    model.order(machine),
    ...spec.sensors.map((_, index) => model.sensor(machine, index)),
  ]);
}

/** kWh per machine between two readings, across rollovers; what a reset loses is left out. */
function consumed(before: readonly number[], after: readonly number[]): number {
  return machineSpecs.reduce((sum, { meter }, machine) => {
    const from = before[machine] ?? 0;
    const to = after[machine] ?? 0;
    const rise = to >= from ? to - from : to + (meter.modulus === undefined ? 0 : meter.modulus - from);
    return sum + rise / (meter.unit === 'W.h' ? 1000 : 1);
  }, 0);
}

const meters = (model: PlantModel): number[] => machineSpecs.map((_, machine) => model.meter(machine));
const sitePowerKw = (model: PlantModel): number =>
  machineSpecs.reduce((sum, _, machine) => sum + model.powerKw(machine), 0);
const outputs = (model: PlantModel): number =>
  machineSpecs.reduce(
    (sum, { boundary, coefficient }, machine) => sum + (boundary ? model.good(machine) * coefficient : 0),
    0,
  );

describe('the plant', () => {
  it('has 14 machines or more on at least 4 lines, and each producing line has one machine that counts its output', () => {
    const lines = Map.groupBy(machineSpecs, ({ path }) => path.split('/').slice(0, 2).join('/'));
    expect(machineSpecs.length).toBeGreaterThanOrEqual(14);
    expect(lines.size).toBeGreaterThanOrEqual(4);
    for (const [line, specs] of lines) {
      const boundaries = specs.filter(({ boundary }) => boundary).length;
      expect([line, boundaries]).toEqual([line, specs.some(({ cycleSeconds }) => cycleSeconds > 0) ? 1 : 0]);
    }
    for (const { sensors } of machineSpecs) {
      expect(sensors.length).toBeGreaterThanOrEqual(4);
      expect(sensors.length).toBeLessThanOrEqual(8);
    }
  });
});

describe('the model', () => {
  it('gives the same values for the same seed and others for another seed', () => {
    const [one, same, other] = [create(), create(), create(2)];
    for (const model of [one, same, other]) model.advance(startAt + 30 * HOUR);
    expect(readings(same)).toEqual(readings(one));
    expect(readings(other)).not.toEqual(readings(one));
  });

  it('gives the same values at the same instants whatever it was asked for in between', () => {
    const [direct, often] = [create(), create()];
    for (let at = startAt; at < startAt + 2 * HOUR; at += 3_700) {
      often.advance(at);
      readings(often);
    }
    for (const at of [startAt + 2 * HOUR, startAt + 2 * HOUR + 4_321, startAt + 3 * HOUR + 10_000]) {
      direct.advance(at);
      often.advance(at);
      expect(readings(often)).toEqual(readings(direct));
    }
  });

  it('does not go back in time', () => {
    const model = create();
    model.advance(startAt + HOUR);
    const before = readings(model);
    model.advance(startAt);
    expect(readings(model)).toEqual(before);
  });

  it('has counters that never fall but for the declared rollover and resets', () => {
    const model = create();
    const counters = (): number[] => [...meters(model), ...machineSpecs.map((_, machine) => model.good(machine))];
    const falls = new Map<number, number>();
    let lowest = 0;
    let before = counters();
    for (let at = startAt; at < startAt + 15 * DAY; at += 53_000) {
      model.advance(at);
      const now = counters();
      for (let index = 0; index < now.length; index += 1) {
        lowest = Math.min(lowest, now[index] ?? 0);
        if ((now[index] ?? 0) < (before[index] ?? 0)) falls.set(index, (falls.get(index) ?? 0) + 1);
      }
      before = now;
    }
    const declared = machineSpecs.filter(({ meter }) => meter.modulus !== undefined || meter.resets === true);
    expect([...falls.keys()].toSorted((a, b) => a - b)).toEqual(declared.map((spec) => machineSpecs.indexOf(spec)));
    expect(Math.max(...falls.values())).toBeLessThanOrEqual(2);
    expect(lowest).toBe(0);
  });

  it('counts as energy what its power adds up to', () => {
    const model = create();
    model.advance(startAt + 26 * HOUR);
    const before = meters(model);
    let kwh = 0;
    for (let at = model.at; at < startAt + 28 * HOUR; at += 1000) {
      model.advance(at + 500);
      kwh += sitePowerKw(model) / 3600;
    }
    model.advance(startAt + 28 * HOUR);
    expect(consumed(before, meters(model)) / kwh).toBeCloseTo(1, 3);
  });

  it('stands by at night with a base load, and works by day', () => {
    const model = create();
    const press = machineOf('body/press-line/press-1');
    model.advance(Date.parse('2026-03-03T02:30:00+08:00'));
    const night = sitePowerKw(model);
    expect(model.state(press)).toBe(stateCodes.standby);
    model.advance(Date.parse('2026-03-03T08:05:00+08:00'));
    expect(model.state(press)).toBe(stateCodes.idle);
    model.advance(Date.parse('2026-03-03T12:15:00+08:00'));
    expect(model.state(press)).toBe(stateCodes.idle);
    model.advance(Date.parse('2026-03-03T15:00:00+08:00'));
    expect(night / sitePowerKw(model)).toBeGreaterThan(0.1);
    expect(night / sitePowerKw(model)).toBeLessThan(0.5);
  });

  it('couples load and temperature with a lag', () => {
    const model = create();
    const press = machineOf('body/press-line/press-1');
    const oil = sensorOf(press, 'OilTemperature');
    model.advance(Date.parse('2026-03-03T08:14:00+08:00'));
    const cold = model.sensor(press, oil);
    model.advance(Date.parse('2026-03-03T08:25:00+08:00'));
    const soon = model.sensor(press, oil);
    model.advance(Date.parse('2026-03-03T10:00:00+08:00'));
    const warm = model.sensor(press, oil);
    expect(warm - cold).toBeGreaterThan(12);
    expect(soon - cold).toBeLessThan((warm - cold) / 2);
  });

  it('lets the compressors follow the air the machines use and the chiller the heat of moulding and oven', () => {
    const model = create();
    const compressor = machineOf('utilities/media/compressor-1');
    const chiller = machineOf('utilities/media/chiller-1');
    const flow = sensorOf(compressor, 'AirFlow');
    model.advance(Date.parse('2026-03-03T03:00:00+08:00'));
    const night = { flow: model.sensor(compressor, flow), chillerKw: model.powerKw(chiller) };
    model.advance(Date.parse('2026-03-03T15:00:00+08:00'));
    expect(model.sensor(compressor, flow)).toBeGreaterThan(2 * night.flow);
    expect(model.powerKw(chiller)).toBeGreaterThan(1.3 * night.chillerKw);
  });

  it('couples tool wear and vibration', () => {
    const model = create();
    const cnc = machineOf('machining/cnc-line/cnc-1');
    const vibration = sensorOf(cnc, 'SpindleVibration');
    const load = sensorOf(cnc, 'SpindleLoad');
    const vibrationPerLoad = 1.4 / 62;
    const beyondLoad: number[] = [];
    for (let hour = 26; hour < 8 * 24; hour += 1) {
      let sum = 0;
      for (let minute = 0; minute < 60; minute += 1) {
        model.advance(startAt + hour * HOUR + minute * 60_000);
        sum += (model.sensor(cnc, vibration) - vibrationPerLoad * model.sensor(cnc, load)) / 60;
      }
      if (model.state(cnc) === stateCodes.run) beyondLoad.push(sum);
    }
    expect(Math.max(...beyondLoad) - Math.min(...beyondLoad)).toBeGreaterThan(0.05);
  });

  it('falls modestly in energy per unit after the retrofit, beyond load', () => {
    const changes = [1, 2, 7].map((seed) => {
      const begun = performance.now();
      const { raw, adjusted } = changeAfterRetrofit(create(seed));
      process.stdout.write(
        `seed ${seed}: 30 days in ${(performance.now() - begun).toFixed(0)} ms; energy per unit ${(raw * 100).toFixed(2)} % raw, ${(adjusted * 100).toFixed(2)} % load-adjusted\n`,
      );
      return { raw, adjusted };
    });
    const mean = changes.reduce((sum, { adjusted }) => sum + adjusted / changes.length, 0);
    expect(mean).toBeLessThan(-0.008);
    expect(mean).toBeGreaterThan(-0.022);
    for (const { raw, adjusted } of changes) expect(Math.abs(raw - adjusted)).toBeGreaterThan(0.0005);
  });
});

/** Energy per unit of days 16 to 30 against the days before the retrofit, raw and by a line of energy over output. */
function changeAfterRetrofit(model: PlantModel): { raw: number; adjusted: number } {
  const days: { energy: number; output: number }[] = [];
  // Shanghai days from the first full one on.
  model.advance(startAt + 16 * HOUR);
  for (let day = 1; day <= 30; day += 1) {
    let energy = 0;
    const made = outputs(model);
    for (let hour = 0; hour < 24; hour += 1) {
      const before = meters(model);
      model.advance(model.at + HOUR);
      energy += consumed(before, meters(model));
    }
    days.push({ energy, output: outputs(model) - made });
  }
  const base = days.slice(0, 14);
  const rest = days.slice(15);
  const fit = line(base.map(({ output, energy }) => [output, energy]));
  const expected = rest.reduce((sum, { output }) => sum + fit.intercept + fit.slope * output, 0);
  const adjusted = rest.reduce((sum, { energy }) => sum + energy, 0) / expected - 1;
  return { raw: intensity(rest) / intensity(base) - 1, adjusted };
}

const intensity = (days: readonly { energy: number; output: number }[]): number =>
  days.reduce((sum, { energy }) => sum + energy, 0) / days.reduce((sum, { output }) => sum + output, 0);

/** Least squares line. */
function line(points: readonly (readonly [number, number])[]): { slope: number; intercept: number } {
  const mean = (index: 0 | 1): number => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const slope =
    points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) /
    points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return { slope, intercept: y - slope * x };
}
