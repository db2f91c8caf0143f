import { describe, expect, it } from 'vitest';
import { isoTime, ticksOf } from './iso-time.ts';

describe('instants as ISO 8601 text', () => {
  const at = Date.parse('2026-03-02T08:00:00.009Z');

  it.each([
    [0, '2026-03-02T08:00:00.009Z'],
    [1, '2026-03-02T08:00:00.0090001Z'],
    [9999, '2026-03-02T08:00:00.0099999Z'],
  ])('%i ticks of 100 ns', (ticks, expected) => {
    expect(isoTime(at, ticks)).toBe(expected);
  });

  it.each([
    ['no instant', Number.NaN, '0001-01-01T00:00:00Z'],
    ['before year 1', -62_135_596_800_001, '0001-01-01T00:00:00Z'],
    ['after year 9999', 253_402_300_800_000, '9999-12-31T23:59:59Z'],
    ['what no Date holds', 9e15, '9999-12-31T23:59:59Z'],
  ])('%s stays within what OPC UA JSON can write', (_what, instant, expected) => {
    expect(isoTime(instant, 5)).toBe(expected);
  });

  it('picoseconds beside an instant become whole ticks', () => {
    expect([undefined, 0, 99_999, 100_000, 999_900_000].map(ticksOf)).toEqual([0, 0, 0, 1, 9999]);
  });
});
