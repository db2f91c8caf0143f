import { assert, bigInt, constantFrom, oneof, property, tuple, type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readInteger64 } from './integer64.ts';

const words = (value: bigint): [number, number] => {
  const whole = BigInt.asUintN(64, value);
  return [Number(whole >> 32n), Number(whole & 0xff_ff_ff_ffn)];
};
/** 64-bit integers, many of them next to the powers of two where digits get lost. */
const near = (edges: readonly bigint[], min: bigint, max: bigint): Arbitrary<bigint> =>
  oneof(
    bigInt({ min, max }),
    tuple(constantFrom(...edges), bigInt({ min: -1000n, max: 1000n }))
      .map(([edge, offset]) => edge + offset)
      .filter((value) => value >= min && value <= max),
  );
const signed = near(
  [0n, 2n ** 31n, 2n ** 32n, 2n ** 53n, -(2n ** 53n), 2n ** 63n, -(2n ** 63n)],
  -(2n ** 63n),
  2n ** 63n - 1n,
);
const unsigned = near([0n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n], 0n, 2n ** 64n - 1n);

describe('64-bit integers keep every digit', () => {
  it('every Int64 reads back as the same integer', () => {
    assert(
      property(signed, (value) => {
        expect(BigInt(readInteger64(words(value), true) ?? 0.5)).toBe(value);
      }),
    );
  });

  it('every UInt64 reads back as the same integer', () => {
    assert(
      property(unsigned, (value) => {
        expect(BigInt(readInteger64(words(value), false) ?? 0.5)).toBe(value);
      }),
    );
  });

  it('is a number exactly when a double holds it, and text otherwise', () => {
    assert(
      property(signed, (value) => {
        const isSafe = value > -(2n ** 53n) && value < 2n ** 53n;
        expect(typeof readInteger64(words(value), true)).toBe(isSafe ? 'number' : 'string');
      }),
    );
  });

  it.each([
    [2n ** 53n - 1n, 9_007_199_254_740_991],
    [2n ** 53n, '9007199254740992'],
    [2n ** 53n + 1n, '9007199254740993'],
    [-(2n ** 53n) - 1n, '-9007199254740993'],
    [-1n, -1],
  ])('Int64 %s is %s', (value, expected) => {
    expect(readInteger64(words(value), true)).toBe(expected);
  });

  it('is nothing when the library holds no integer there', () => {
    expect(readInteger64('12', true)).toBeNull();
    expect(readInteger64([1], true)).toBeNull();
  });
});
