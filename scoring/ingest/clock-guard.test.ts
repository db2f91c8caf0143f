import { describe, expect, it } from 'vitest';
import { ClockGuard } from './clock-guard.ts';

const minute = 60_000;

function plantOf(machines: number, at: number): ClockGuard {
  const guard = new ClockGuard(15 * minute);
  for (let machine = 0; machine < machines; machine += 1) guard.admit(guard.add(), at);
  return guard;
}

describe('the plant clock', () => {
  it('refuses one machine that is an hour ahead and takes it again when it is back', () => {
    const guard = plantOf(5, 0);
    expect(guard.admit(0, 60 * minute)).toBe(false);
    expect(guard.admit(0, minute)).toBe(true);
    expect(guard.plantClock).toBe(0);
  });

  it('believes a jump that most machines make, as after an outage', () => {
    const guard = plantOf(4, 0);
    expect(guard.admit(0, 60 * minute)).toBe(false);
    expect([1, 2, 3, 0].map((machine) => guard.admit(machine, 60 * minute))).toEqual([true, true, true, true]);
  });

  it('never refuses the only machine of a plant', () => {
    const guard = plantOf(1, 0);
    expect(guard.admit(0, 600 * minute)).toBe(true);
  });
});
