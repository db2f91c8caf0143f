import { describe, expect, it } from 'vitest';
import { LastSeen } from './last-seen.ts';
import { valueKind } from '../tags/value-batch.ts';
import type { WorkerTag } from './protocol.ts';
import { ColumnCollector } from './value-columns.ts';

/** Rows of handle, source time and status. */
function collected(...rows: readonly (readonly [handle: number, at: number, status?: number])[]): ColumnCollector {
  const collector = new ColumnCollector();
  for (const [handle, at, status = 0] of rows) {
    const row = collector.next();
    collector.handles[row] = handle;
    collector.times[row] = at;
    collector.statuses[row] = status;
  }
  return collector;
}
const tag = (handle: number, name: string, nodeId = `nsu=urn:plant;s=${name}`) =>
  ({ handle, name, equipment: 'hall/press', nodeId }) as WorkerTag;
const OVERFLOW = 0x480;

describe('what was last seen of a tag', () => {
  it('takes a value out that a server repeats when items are made anew, and finds the gap behind it', () => {
    const seen = new LastSeen();
    seen.note(collected([1, 100], [2, 100]));
    seen.expectGap([1, 2]);
    const values = collected([1, 100], [2, 500]);
    seen.note(values);
    expect(values.length).toBe(1);
    expect(seen.takeGaps()).toEqual([{ handle: 2, from: 100, to: 500 }]);
    expect(seen.takeGaps()).toEqual([]);
  });

  it('takes out the same number with the same time and status, and keeps another one of that time', () => {
    const seen = new LastSeen();
    const values = collected([1, 100], [1, 100], [1, 100], [1, 100, 0x8000_0000], [1, 200], [2, 100]);
    values.kinds.fill(valueKind.number, 0, 6);
    values.numbers.set([5, 5, 6, 6, 6, 5]);
    seen.note(values);
    expect([...values.numbers.subarray(0, values.length)]).toEqual([5, 6, 6, 6, 5]);
    const later = collected([1, 200]);
    later.kinds[0] = valueKind.number;
    later.numbers[0] = 6;
    seen.note(later);
    expect(later.length).toBe(0);
  });

  it('finds the gap before a value whose Overflow bit is set, and none where none is', () => {
    const seen = new LastSeen();
    seen.note(collected([1, 100], [2, 100]));
    seen.note(collected([1, 900, OVERFLOW], [1, 1000], [2, 1000]), 1);
    expect(seen.takeGaps()).toEqual([{ handle: 1, from: 100, to: 900 }]);
    // The first value of all has nothing before it.
    seen.note(collected([3, 900, OVERFLOW]), 1);
    expect(seen.takeGaps()).toEqual([]);
  });

  it('goes on with a tag that is read in another way from where the old one ended', () => {
    const seen = new LastSeen();
    seen.note(collected([1, 100], [2, 100]));
    seen.inherit([tag(1, 'Power'), tag(2, 'State')], [tag(7, 'Power'), tag(8, 'State', 'nsu=urn:plant;s=Else')]);
    const values = collected([7, 100], [8, 100]);
    seen.note(values);
    expect(values.length).toBe(1);
    expect(values.handles[0]).toBe(8);
    expect(seen.takeGaps()).toEqual([]);
  });

  it('hands out gaps again that were returned', () => {
    const seen = new LastSeen();
    const gap = { handle: 1, from: 100, to: 200, tries: 1 };
    seen.returnGaps([gap]);
    expect(seen.takeGaps()).toEqual([gap]);
  });
});

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
  it('takes out a value that is sent again, however often', () => {
    const seen = new LastSeen();
    expect(note(seen, 100, 200)).toEqual([100, 200]);
    seen.expectRepeat([1]);
    expect(note(seen, 200, 200, 300)).toEqual([300]);
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
