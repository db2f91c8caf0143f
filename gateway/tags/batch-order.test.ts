import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchOrder } from './batch-order.ts';

/** Tags 1–3 belong to writer 0, tags 4–5 to writer 1; tag 6 to none. */
const writerOf = Int32Array.of(-1, 0, 0, 0, 1, 1, -1);
const order = (handles: readonly number[], times: readonly number[]) =>
  new BatchOrder(writerOf, 2)
    .order({ handles: Int32Array.from(handles), times: Float64Array.from(times) })
    .map(({ writer, rows }) => ({ writer, rows: [...rows] }));

describe('the order of a batch', () => {
  it('is by writer, and leaves out what belongs to none', () => {
    expect(order([1, 4, 6, 2], [10, 10, 10, 10])).toEqual([
      { writer: 0, rows: [0, 3] },
      { writer: 1, rows: [1] },
    ]);
  });

  it('puts the n-th values of all tags of a burst together, so that few messages result', () => {
    expect(order([1, 1, 1, 2, 2, 2], [100, 200, 300, 100, 200, 300])).toEqual([
      { writer: 0, rows: [0, 3, 1, 4, 2, 5] },
    ]);
  });

  it('is the order of time where a batch spans more than a burst', () => {
    expect(order([1, 1, 2, 2], [0, 60_000, 30_000, 90_000])).toEqual([{ writer: 0, rows: [0, 2, 1, 3] }]);
  });

  it('holds every value once and never turns two values of a tag round', () => {
    const values = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 20 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(values, fc.constantFrom(1, 1000), (list, scale) => {
        const clock = new Map<number, number>();
        const times = list.map(([handle, step]) => {
          const time = (clock.get(handle) ?? 0) + step * scale;
          clock.set(handle, time);
          return time;
        });
        const handles = list.map(([handle]) => handle);
        const groups = order(handles, times);
        const rows = groups.flatMap((group) => group.rows);
        expect(rows.toSorted((a, b) => a - b)).toEqual(list.map((_, index) => index));
        for (const { rows: ordered } of groups) {
          const last = new Map<number, number>();
          for (const row of ordered) {
            const handle = handles[row] ?? 0;
            expect(row).toBeGreaterThan(last.get(handle) ?? -1);
            last.set(handle, row);
          }
        }
      }),
    );
  });
});
