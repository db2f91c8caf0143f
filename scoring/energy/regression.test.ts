import { describe, expect, it } from 'vitest';
import { fitLine, studentT95 } from './regression.ts';

/** Vector T5 of the domain notes: monthly output and energy of one plant. */
const output = [820, 760, 905, 880, 940, 1010, 1055, 990, 930, 875, 845, 790];
const energy = [493, 459, 530, 513, 548, 570, 597, 566, 535, 517, 498, 476];

describe('the base-period regression', () => {
  it('T5: gives the coefficients and statistics of the vector', () => {
    const fit = fitLine(output, energy);
    expect(fit?.intercept).toBeCloseTo(118.597_487_8, 6);
    expect(fit?.slope).toBeCloseTo(0.451_743_532_1, 9);
    expect(fit?.r2).toBeCloseTo(0.993_448_220_2, 9);
    expect(fit?.standardError).toBeCloseTo(3.458_994_351, 8);
    expect(fit?.cvRmse).toBeCloseTo(0.006_586_469_73, 10);
    expect(fit?.lag1).toBeCloseTo(-0.8565, 4);
  });

  it('is no fit without spread or with too few points', () => {
    expect(fitLine([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(fitLine([1, 2], [1, 2])).toBeNull();
  });

  it.each([
    [4, 2.1318],
    [10, 1.812_461],
    [30, 1.6973],
  ])('knows Student t for %d degrees of freedom', (degrees, t) => {
    expect(Math.abs(studentT95(degrees) / t - 1)).toBeLessThan(0.01);
  });
});
