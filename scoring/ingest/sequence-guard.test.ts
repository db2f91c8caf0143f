import { describe, expect, it } from 'vitest';
import { SequenceGuard } from './sequence-guard.ts';

describe('completeness per writer', () => {
  it('takes numbers in order once and drops repeats', () => {
    const guard = new SequenceGuard(1000);
    expect([1, 2, 2, 1, 3].map((sequence) => guard.check('w', sequence, 0).kind)).toEqual([
      'accept',
      'accept',
      'duplicate',
      'duplicate',
      'accept',
    ]);
  });

  it('asks for what is missing and takes the resent messages', () => {
    const guard = new SequenceGuard(1000);
    guard.check('w', 1, 0);
    expect(guard.check('w', 4, 0)).toEqual({ kind: 'gap', after: 1 });
    expect([2, 3, 4].map((sequence) => guard.check('w', sequence, 10).kind)).toEqual(['accept', 'accept', 'accept']);
  });

  it('gives up what the gateway no longer has, counts it and goes on with the lowest number there is', () => {
    const guard = new SequenceGuard(1000);
    guard.check('w', 1, 0);
    guard.check('w', 9, 0);
    guard.check('w', 7, 500);
    expect(guard.check('w', 10, 2000).kind).toBe('gap');
    expect(guard.check('w', 7, 2001)).toEqual({ kind: 'accept-after-loss', lost: 5 });
    expect(guard.check('w', 8, 2001).kind).toBe('accept');
  });

  it('goes on after a restart from what was committed', () => {
    const guard = new SequenceGuard(1000);
    guard.restore('w', 41);
    expect(guard.check('w', 41, 0).kind).toBe('duplicate');
    expect(guard.check('w', 42, 0).kind).toBe('accept');
  });
});
