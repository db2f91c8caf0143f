import { describe, expect, it } from 'vitest';
import { compileGlob } from './glob.ts';

describe('compileGlob', () => {
  it.each([
    ['Plant1/*/MV*', 'Plant1/Line/MV101', true],
    ['Plant1/*/MV*', 'Plant1/Line/Sub/MV101', false],
    ['Plant1/**/MV*', 'Plant1/Line/Sub/MV101', true],
    ['Plant1/**/MV*', 'Plant1/MV101', true],
    ['**', 'a/b', true],
    ['*Energy*', 'body/press/TotalEnergyKwh', true],
    ['*energy*', 'body/ENERGY/Power', false],
    ['/Energy', 'Energy', true],
    ['/Energy', 'body/Energy', false],
    ['MV?', 'MV1', true],
    ['MV?', 'MV12', false],
    ['电能*', '产线/电能总量', true],
    ['a.c', 'abc', false],
  ])('%s over %s: %s', (pattern, path, matches) => {
    expect(compileGlob(pattern)(path.split('/'))).toBe(matches);
  });

  it('stays quick for patterns that would explode as regular expressions', () => {
    expect(compileGlob(`${'*a'.repeat(40)}b`)(['a'.repeat(2000)])).toBe(false);
    expect(compileGlob(`${'**/a/'.repeat(30)}b`)(Array.from({ length: 200 }, () => 'a'))).toBe(false);
  });
});
