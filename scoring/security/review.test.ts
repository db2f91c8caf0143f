import { describe, expect, it } from 'vitest';
import { JoulegateError } from '../../broker/contract/error.ts';
import type { Alert } from './alert.ts';
import { decide, isShelved, type ReviewDecision } from './review.ts';

const T0 = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const li = { by: 'li', at: T0 };
const open: Alert = {
  id: 'alert-1',
  key: 'k',
  rule: 'topic-denied',
  severity: 'low',
  condition: 'active',
  review: 'new',
  title: { en: 'Denied', zh: '拒绝' },
  message: 'm',
  first: T0 - 1000,
  last: T0 - 1000,
  count: 3,
};
const codeOf = (alert: Alert, decision: ReviewDecision): string => {
  try {
    decide(alert, decision, li);
    return 'none';
  } catch (error) {
    return error instanceof JoulegateError ? error.code : 'other';
  }
};

describe('a review', () => {
  it('closes with a disposition and a reason, and opens again without either', () => {
    const closed = decide(open, { action: 'close', disposition: 'expected-change', reason: 'planned' }, li);
    expect(closed).toMatchObject({
      review: 'closed',
      disposition: 'expected-change',
      acknowledgedBy: 'li',
      version: 1,
    });
    const again = decide(closed, { action: 'reopen', reason: 'came back' }, li);
    expect(again).toMatchObject({ review: 'new', version: 2 });
    expect(again).not.toHaveProperty('disposition');
    expect(again).not.toHaveProperty('acknowledgedBy');
  });

  it.each([
    ['closing without disposition', { action: 'close', reason: 'x' }],
    ['closing without reason', { action: 'close', disposition: 'test' }],
    ['an empty comment', { action: 'comment', reason: '  ' }],
    ['shelving without reason', { action: 'shelve' }],
    ['shelving for ten years', { action: 'shelve', reason: 'x', hours: 87_600 }],
    ['shelving for no time', { action: 'shelve', reason: 'x', hours: 0 }],
    ['shelving for NaN', { action: 'shelve', reason: 'x', hours: Number.NaN }],
  ] as const)('refuses %s', (_what, decision) => {
    expect(codeOf(open, decision)).toBe('PAYLOAD_INVALID');
  });

  it('refuses the second of two reviewers who saw the same version', () => {
    const first = decide(open, { action: 'acknowledge', version: 0 }, li);
    expect(codeOf(first, { action: 'assign', assignee: 'wang', version: 0 })).toBe('CONFLICT');
    expect(codeOf(first, { action: 'assign', assignee: 'wang', version: 1 })).toBe('none');
  });

  it('refuses to assign, shelve or close what is closed', () => {
    const closed = { ...open, review: 'closed' as const };
    expect(codeOf(closed, { action: 'assign', assignee: 'wang' })).toBe('CONFLICT');
    expect(codeOf(closed, { action: 'shelve', reason: 'x' })).toBe('CONFLICT');
    expect(codeOf(closed, { action: 'close', disposition: 'test', reason: 'x' })).toBe('CONFLICT');
    expect(codeOf(closed, { action: 'comment', reason: 'x' })).toBe('none');
  });

  it('shelves for eight hours by default; the shelving ends by itself and changes nothing else', () => {
    const shelved = decide(open, { action: 'shelve', reason: 'cleaning' }, li);
    expect(shelved).toMatchObject({
      condition: 'active',
      review: 'new',
      count: 3,
      shelved: { until: T0 + 8 * HOUR_MS },
    });
    expect([isShelved(shelved, T0), isShelved(shelved, T0 + 8 * HOUR_MS)]).toEqual([true, false]);
    expect(decide(shelved, { action: 'unshelve' }, li)).not.toHaveProperty('shelved');
  });

  it('assigns to a person and to nobody', () => {
    const assigned = decide(open, { action: 'assign', assignee: 'wang' }, li);
    expect(assigned.assignee).toBe('wang');
    expect(decide(assigned, { action: 'assign' }, li)).not.toHaveProperty('assignee');
  });
});
