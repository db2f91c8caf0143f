import { describe, expect, it } from 'vitest';
import { createCounterState, stepCounter, type CounterOptions, type CounterStep } from './counter.ts';

const options: CounterOptions = { modulus: null, maxPerMs: null, jitter: 0, confirmMs: 600_000 };
const minute = 60_000;

/** Runs one value per minute and returns the steps. */
function run(values: readonly number[], overrides: Partial<CounterOptions> = {}): CounterStep[] {
  const state = createCounterState();
  return values.map((value, index) => stepCounter(state, value, index * minute, { ...options, ...overrides }));
}
const total = (steps: readonly CounterStep[]): number =>
  steps.reduce((sum, step) => sum + (step.kind === 'delta' ? step.delta : 0), 0);
/** 200 kW in kWh per ms. */
const rated = { maxPerMs: 200 / 3_600_000 };

describe('a counter', () => {
  it('takes the first reading as an anchor only', () => {
    expect(run([56_842_170.8])).toEqual([{ kind: 'anchor' }]);
  });

  it('rolls over at its modulus', () => {
    const steps = run([999_984.0625, 20], { modulus: 1_000_000, maxPerMs: 0.001 });
    expect(steps[1]).toMatchObject({ kind: 'delta', cause: 'rollover', delta: 35.9375 });
  });

  it('that fell too far for a rollover does not become one by waiting for its confirmation', () => {
    const state = createCounterState();
    const hour = 60 * minute;
    const readings = [
      [0, 541.4],
      [hour, 10],
      [1.45 * hour, 19],
      [1.95 * hour, 29],
    ] as const;
    const all = { ...options, ...rated, modulus: 1000, confirmMs: 3 * hour };
    const steps = readings.map(([at, value]) => stepCounter(state, value, at, all));
    expect(steps.map(({ kind }) => kind)).toEqual(['anchor', 'held', 'held', 'delta']);
    expect(steps.at(-1)).toMatchObject({ cause: 'reset', delta: 29, from: 0 });
  });

  it('rolls over at 2^32', () => {
    expect(total(run([4_294_967_290, 15], { modulus: 2 ** 32 }))).toBe(21);
  });

  it('is unresolved, not 0, when a fall has no modulus and no reset explains it', () => {
    const steps = run([999_984.0625, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500], rated);
    expect(steps.at(-1)).toMatchObject({ kind: 'unresolved' });
    expect(total(steps)).toBe(0);
  });

  it('quarantines an absurd peak and loses nothing', () => {
    const steps = run([115_603.0078, ...Array<number>(14).fill(1.83e21), 115_749.0078], {
      maxPerMs: 0.001,
      confirmMs: 3_600_000,
    });
    expect(total(steps)).toBeCloseTo(146, 9);
    expect(steps.filter((step) => step.kind === 'held')).toHaveLength(14);
  });

  it('treats a fall to 0 that comes back as a glitch, not a reset', () => {
    const steps = run([115_823.0078, ...Array<number>(15).fill(0), 115_969.0078], {
      maxPerMs: 0.001,
      confirmMs: 3_600_000,
    });
    expect(total(steps)).toBeCloseTo(146, 9);
    expect(steps.some((step) => step.kind === 'delta' && step.cause === 'reset')).toBe(false);
  });

  it.each([
    ['a small negative value', [139_968, ...Array<number>(13).fill(-0.007_07), 140_114], 146],
    ['a small positive value', [165_599.0156, ...Array<number>(14).fill(0.003_03), 165_746.0156], 147],
  ])('treats a fall to %s that comes back as a glitch', (_name, values, expected) => {
    expect(total(run(values, { maxPerMs: 0.001, confirmMs: 3_600_000 }))).toBeCloseTo(expected, 9);
  });

  it('holds jitter of the meter', () => {
    expect(total(run([1000, 999.98, 1000.05], { jitter: 0.1 }))).toBeCloseTo(0.05, 9);
  });

  it('counts from 0 after a reset that is confirmed by rising values', () => {
    const steps = run([5000, 0, 1.5, 3], rated);
    expect(steps.at(-1)).toMatchObject({ kind: 'delta', cause: 'reset', delta: 3, from: 0, to: 3 * minute });
  });

  it('confirms a reset of a machine that stands still by time', () => {
    const steps = run([5000, ...Array<number>(11).fill(0)], rated);
    expect(steps.at(-1)).toMatchObject({ kind: 'delta', cause: 'reset', delta: 0 });
  });

  it('ignores a sample that was already counted', () => {
    const state = createCounterState();
    stepCounter(state, 10, 0, options);
    stepCounter(state, 12, minute, options);
    expect(stepCounter(state, 12, minute, options)).toEqual({ kind: 'late' });
    expect(stepCounter(state, 11, minute / 2, options)).toEqual({ kind: 'late' });
  });

  it('keeps a large catch-up after a gap when the rated power allows it', () => {
    const state = createCounterState();
    stepCounter(state, 1000, 0, { ...options, ...rated });
    expect(stepCounter(state, 1000 + 150 * 6, 6 * 3_600_000, { ...options, ...rated })).toMatchObject({ delta: 900 });
  });
});
