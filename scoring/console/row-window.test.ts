import { describe, expect, it } from 'vitest';
import { rowsInSight, rowStretches } from './row-window.ts';

describe('rows of a long list', () => {
  it('stand on the page where they are seen; the rest is room', () => {
    expect(rowStretches(1000, { from: 100, to: 140 }, [])).toEqual([
      { kind: 'room', from: 0, to: 100 },
      { kind: 'rows', from: 100, to: 140 },
      { kind: 'room', from: 140, to: 1000 },
    ]);
  });

  it('stay although out of sight when they are kept, above, below and once', () => {
    expect(rowStretches(1000, { from: 100, to: 140 }, [3, 120, 990, 990, -1, 1000])).toEqual([
      { kind: 'room', from: 0, to: 3 },
      { kind: 'rows', from: 3, to: 4 },
      { kind: 'room', from: 4, to: 100 },
      { kind: 'rows', from: 100, to: 140 },
      { kind: 'room', from: 140, to: 990 },
      { kind: 'rows', from: 990, to: 991 },
      { kind: 'room', from: 991, to: 1000 },
    ]);
  });

  it.each([
    [0, 0, 40],
    [5, 0, 40],
    [1000, 980, 1040],
    [1000, 2000, 2040],
  ])('%i rows seen from %i to %i leave no hole', (count, from, to) => {
    const stretches = rowStretches(count, { from, to }, [0, 7]);
    expect(stretches.reduce((sum, one) => sum + one.to - one.from, 0)).toBe(count);
    let end = 0;
    for (const one of stretches) {
      expect(one.from).toBe(end);
      end = one.to;
    }
  });

  it('are the same after a move of a few px, and cover everything that is seen', () => {
    expect(rowsInSight(2400, 800, 24)).toEqual(rowsInSight(2410, 800, 24));
    for (const top of [-500, 0, 1, 777, 23_990]) {
      const { from, to } = rowsInSight(top, 800, 24);
      expect(from * 24).toBeLessThanOrEqual(Math.max(0, top));
      expect(to * 24).toBeGreaterThanOrEqual(top + 800);
    }
  });
});
