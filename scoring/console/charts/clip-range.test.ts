import { describe, expect, it } from 'vitest';
import { clip, clipRange, isClipped } from './clip-range.ts';

const usual = [0.36, 0.37, 0.38, 0.39, 0.4, 0.41, 0.42];

describe('the range of a value axis', () => {
  it('holds all values when they lie together', () => {
    const range = clipRange(usual);
    expect(range?.min).toBeLessThanOrEqual(0.36);
    expect(range?.max).toBeGreaterThanOrEqual(0.42);
    expect(usual.some((value) => isClipped(value, range))).toBe(false);
  });

  it('is not stretched by a single outlier, which is drawn at its edge', () => {
    const range = clipRange([...usual, 13]);
    expect(range?.max).toBeLessThan(1);
    expect(isClipped(13, range)).toBe(true);
    expect(clip(13, range)).toBe(range?.max);
  });

  it('always holds what it is told to hold', () => {
    const range = clipRange(usual, [0.2, 0.9]);
    expect(range?.min).toBeLessThanOrEqual(0.2);
    expect(range?.max).toBeGreaterThanOrEqual(0.9);
  });

  it('has plain ends', () => {
    expect(clipRange([0.123, 0.189])).toEqual({ min: 0.12, max: 0.2, interval: 0.02 });
  });

  it('is none without values, and leaves no figure alone', () => {
    expect(clipRange([])).toBeNull();
    expect(clip(null, { min: 0, max: 1, interval: 0.2 })).toBeNull();
  });

  it('is not empty for a single value or only zeros', () => {
    for (const values of [[0.4], [0, 0]]) {
      const range = clipRange(values);
      expect((range?.max ?? 0) - (range?.min ?? 0)).toBeGreaterThan(0);
    }
  });
});
