import { describe, expect, it } from 'vitest';
import { LastSeen } from './last-seen.ts';
import { ColumnCollector } from './value-columns.ts';

/** Notes values of one tag with these source times. @returns the times that are left. */
function note(seen: LastSeen, ...times: readonly number[]): number[] {
  const collector = new ColumnCollector();
  for (const time of times) {
    const at = collector.next();
    collector.handles[at] = 1;
    collector.kinds[at] = 1;
    collector.numbers[at] = time;
    collector.times[at] = time;
    collector.statuses[at] = 0;
  }
  seen.note(collector);
  return [...collector.take().times];
}

describe('the newest source time of a tag', () => {
  it('takes out the one value that is sent once more', () => {
    const seen = new LastSeen();
    expect(note(seen, 100, 200)).toEqual([100, 200]);
    seen.expectRepeat([1]);
    expect(note(seen, 200, 200)).toEqual([200]);
  });

  it('lets older values pass: a server may set its clock back', () => {
    const seen = new LastSeen();
    note(seen, 50_000);
    seen.expectGap([1]);
    expect(note(seen, 40_000, 41_000)).toEqual([40_000, 41_000]);
  });
});

describe('after a switch to a server that is behind', () => {
  it('takes out what has been seen at the one before, until something new comes', () => {
    const seen = new LastSeen(true);
    note(seen, 8000, 9000, 10_000);
    seen.expectGap([1]);
    expect(note(seen, 8000)).toEqual([]);
    expect(note(seen, 9000, 10_000, 11_000)).toEqual([11_000]);
    expect(seen.timeOf(1)).toBe(11_000);
    expect(note(seen, 10_500)).toEqual([10_500]);
  });

  it('believes a server that is far behind: its clock is another', () => {
    const seen = new LastSeen(true);
    note(seen, 100_000);
    seen.expectGap([1]);
    expect(note(seen, 30_000, 31_000)).toEqual([30_000, 31_000]);
  });

  it('keeps the gap that is to be filled from the history', () => {
    const seen = new LastSeen(true);
    note(seen, 10_000);
    seen.expectGap([1]);
    note(seen, 9000);
    note(seen, 15_000);
    expect(seen.takeGaps()).toEqual([{ handle: 1, from: 10_000, to: 15_000 }]);
  });
});
