import { describe, expect, it } from 'vitest';
import { demoEquipment, demoMachines } from './demo-plant.ts';
import { BAD_SENSOR, generateHistory } from './history.ts';
import type { Fault } from './model/fault.ts';
import { PlantModel } from './model/plant-model.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const startAt = Date.parse('2026-03-01T00:00:00Z');
type Sample = { machine: number; tag: number; at: number; value: number | string | null; statusCode: number };

function collect(options: { from: number; to: number; stepMs?: number; faults?: readonly Fault[] }): {
  samples: Sample[];
  shares: number[];
} {
  const samples: Sample[] = [];
  const shares = [
    ...generateHistory(
      { seed: 1, startAt, stepMs: MINUTE, faults: [], ...options },
      (machine, tag, at, value, statusCode) => samples.push({ machine, tag, at, value, statusCode }),
    ),
  ];
  return { samples, shares };
}

const roleOf = ({ machine, tag }: Sample): string => demoEquipment()[machine]?.tags[tag]?.role ?? '';

describe('the history', () => {
  it('holds numbers at every step, and states, products and orders first and when they change', () => {
    const { samples } = collect({ from: startAt, to: startAt + 3 * HOUR });
    const powers = samples.filter((sample) => sample.machine === 0 && roleOf(sample) === 'power');
    expect(powers.map(({ at }) => at)).toEqual(Array.from({ length: 180 }, (_, step) => startAt + step * MINUTE));
    const states = samples.filter((sample) => sample.machine === 0 && roleOf(sample) === 'state');
    expect(states[0]?.at).toBe(startAt);
    expect(states.length).toBeGreaterThan(1);
    expect(states.length).toBeLessThan(30);
    states.slice(1).forEach((state, index) => expect(state.value).not.toBe(states[index]?.value));
  });

  it('is what the model shows at these instants, also when it begins later', () => {
    const { samples } = collect({ from: startAt + 5 * HOUR, to: startAt + 6 * HOUR, stepMs: 7 * MINUTE });
    const model = new PlantModel({ seed: 1, startAt, faults: [] });
    for (const { machine, tag, at, value } of samples) {
      model.advance(at);
      expect(value).toBe(demoMachines[machine]?.tags[tag]?.read(model, machine));
    }
    expect(samples.length).toBeGreaterThan(9 * 100);
  });

  it('shows bad values without a value and a clock that is off', () => {
    const fault = {
      id: 'F',
      path: 'machining/cnc-line/cnc-1',
      from: startAt + HOUR,
      to: startAt + 2 * HOUR,
      severity: 1,
    };
    const { samples } = collect({
      from: startAt,
      to: startAt + 3 * HOUR,
      faults: [
        { ...fault, kind: 'bad-quality', tag: 'EnergyTotal' },
        { ...fault, kind: 'clock-jump' },
      ],
    });
    const machine = demoMachines.findIndex(({ equipment }) => equipment.path === fault.path);
    const energy = samples.filter((sample) => sample.machine === machine && roleOf(sample) === 'energy-counter');
    const bad = energy.filter(({ statusCode }) => statusCode === BAD_SENSOR);
    expect(bad).toHaveLength(60);
    expect(bad.every(({ value }) => value === null)).toBe(true);
    expect(bad[0]?.at).toBe(fault.from + HOUR);
    expect(energy.filter(({ statusCode }) => statusCode === 0)).toHaveLength(120);
  });

  it('says once an hour how far it is', () => {
    const { shares } = collect({ from: startAt, to: startAt + 4 * HOUR });
    expect(shares).toEqual([0.25, 0.5, 0.75]);
  });
});
