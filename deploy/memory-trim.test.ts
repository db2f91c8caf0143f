import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { trimMemory } from './memory-trim.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const MB = 1_048_576;

it('heap that is held without use is given back soon after the start and every minute, and only then', () => {
  let heapTotal = 200 * MB;
  let collected = 0;
  const trim = trimMemory(
    true,
    () => ({ heapTotal, heapUsed: 40 * MB }),
    () => (collected += 1),
  );
  vi.advanceTimersByTime(9000);
  expect(collected).toBe(0);
  vi.advanceTimersByTime(2000);
  expect(collected).toBe(1);
  heapTotal = 60 * MB;
  vi.advanceTimersByTime(600_000);
  expect(collected).toBe(1);
  heapTotal = 100 * MB;
  vi.advanceTimersByTime(60_000);
  expect(collected).toBe(2);
  trim[Symbol.dispose]();
  vi.advanceTimersByTime(3_000_000);
  expect(collected).toBe(2);
});

it('really gives it back', () => {
  vi.useRealTimers();
  let garbage: object[] | null = Array.from({ length: 1_000_000 }, (_, index) => ({ index, text: `garbage ${index}` }));
  const before = process.memoryUsage().heapTotal;
  garbage = null;
  vi.useFakeTimers();
  using _trim = trimMemory(false);
  vi.advanceTimersByTime(10_000);
  expect(garbage).toBeNull();
  expect(process.memoryUsage().heapTotal).toBeLessThan(before - 40 * MB);
});
