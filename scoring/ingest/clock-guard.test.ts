import { describe, expect, it } from 'vitest';
import { ClockGuard } from './clock-guard.ts';

const minute = 60_000;

function plantOf(machines: number, capacity = 100): ClockGuard<string> {
  const guard = new ClockGuard<string>({ toleranceMs: 15 * minute, capacity });
  for (let machine = 0; machine < machines; machine += 1) guard.judge(guard.add(), 0, 'first');
  return guard;
}

describe('the plant clock', () => {
  it('holds one machine that is an hour ahead, and discards that when it comes back', () => {
    const guard = plantOf(5);
    expect(guard.judge(0, 60 * minute, 'a')).toEqual({ kind: 'held' });
    expect(guard.judge(0, 61 * minute, 'b')).toEqual({ kind: 'held' });
    expect(guard.release()).toEqual([]);
    expect(guard.judge(0, minute, 'c')).toEqual({ kind: 'came-back', discarded: 2 });
    expect(guard.plantClock).toBe(0);
  });

  it('uses what was held once another machine has come as far, in order', () => {
    const guard = plantOf(3);
    guard.judge(0, 60 * minute, 'a');
    guard.judge(0, 65 * minute, 'b');
    for (const machine of [1, 2])
      for (let at = 10 * minute; at <= 60 * minute; at += 10 * minute) guard.judge(machine, at, 'x');
    expect(guard.release()).toEqual([{ machine: 0, samples: ['a', 'b'] }]);
    expect(guard.judge(0, 66 * minute, 'c')).toEqual({ kind: 'use' });
  });

  it('believes a jump that most machines make, as after an outage, without losing a sample', () => {
    const guard = plantOf(4);
    expect([0, 1].map((machine) => guard.judge(machine, 60 * minute, `m${machine}`).kind)).toEqual(['held', 'held']);
    expect(guard.release().map(({ samples }) => samples)).toEqual([['m0'], ['m1']]);
    expect([2, 3].map((machine) => guard.judge(machine, 60 * minute, 'x').kind)).toEqual(['use', 'use']);
  });

  it('gives in when a machine stays ahead: its clock was set right', () => {
    const guard = plantOf(4, 3);
    for (const text of ['a', 'b', 'c']) guard.judge(0, 60 * minute, text);
    expect(guard.release()).toEqual([{ machine: 0, samples: ['a', 'b', 'c'] }]);
  });

  it('never holds a machine that goes on steadily, however far the others lag, nor the only machine', () => {
    const guard = plantOf(3);
    for (let at = 0; at <= 300 * minute; at += 5 * minute) expect(guard.judge(0, at, 'x').kind).toBe('use');
    expect(plantOf(1).judge(0, 600 * minute, 'x').kind).toBe('use');
  });
});
