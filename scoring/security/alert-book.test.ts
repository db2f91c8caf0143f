import { describe, expect, it } from 'vitest';
import { acknowledge, alertKey, applySignal, closeAlert, QUIET_MS } from './alert-book.ts';
import type { Alert, AlertSignal } from './alert.ts';

const HOUR_MS = 3_600_000;
const T0 = 1_700_000_000_000;

const signal = (members: Partial<AlertSignal> = {}): AlertSignal => ({
  rule: 'loss-of-view',
  severity: 'high',
  title: { en: 'Loss of view', zh: '失去监视' },
  message: 'press-3 does not answer',
  subject: 'opc.tcp://press-3:4840',
  principal: 'edge-1',
  at: T0,
  condition: 'active',
  ...members,
});
const ids = () => {
  let number = 0;
  return () => `alert-${(number += 1)}`;
};
/** Applies signals one after the other; the book of rows as a store would hold it. */
const book = (...signals: readonly AlertSignal[]): Alert[] => {
  const rows = new Map<string, Alert>();
  const id = ids();
  for (const next of signals) {
    const open = [...rows.values()].findLast((row) => row.key === alertKey(next) && row.review !== 'closed') ?? null;
    const after = applySignal(open, next, id);
    if (after !== null) rows.set(after.id, after);
  }
  return [...rows.values()];
};

describe('an alert signal', () => {
  it('opens an alert that is active and new', () => {
    expect(book(signal())).toEqual([
      {
        id: 'alert-1',
        key: alertKey(signal()),
        rule: 'loss-of-view',
        severity: 'high',
        title: { en: 'Loss of view', zh: '失去监视' },
        message: 'press-3 does not answer',
        subject: 'opc.tcp://press-3:4840',
        condition: 'active',
        review: 'new',
        first: T0,
        last: T0,
        count: 1,
        principal: 'edge-1',
        links: ['asset:opc.tcp://press-3:4840', 'who:edge-1'],
      },
    ]);
  });

  it('counts on the same row when rule, equipment, principal and subject are the same', () => {
    const rows = book(signal(), signal({ at: T0 + 5, message: 'still away' }));
    expect(rows).toMatchObject([{ count: 2, first: T0, last: T0 + 5, message: 'still away' }]);
  });

  it.each([
    { rule: 'data-lost' },
    { equipment: 'a/b/c' },
    { principal: 'edge-2' },
    { subject: 'opc.tcp://other:4840' },
  ])('opens another row when %o differs', (difference) => {
    expect(book(signal(), signal(difference))).toHaveLength(2);
  });

  it('clears the condition and leaves the review to people', () => {
    expect(book(signal(), signal({ at: T0 + 60_000, condition: 'cleared' }))).toMatchObject([
      { condition: 'cleared', review: 'new', count: 1, last: T0 + 60_000 },
    ]);
  });

  it('makes nothing of a cleared signal that finds no active alert', () => {
    const cleared = signal({ condition: 'cleared' });
    expect(applySignal(null, cleared, ids())).toBeNull();
    const [row] = book(signal(), cleared);
    expect(applySignal(row ?? null, cleared, ids())).toBeNull();
  });

  it('asks for a new acknowledgement when it comes back after it had cleared', () => {
    const [row] = book(signal(), signal({ at: T0 + 1, condition: 'cleared' }));
    const seen = acknowledge(row as Alert, 'li', T0 + 2);
    const back = applySignal(seen, signal({ at: T0 + 3 }), ids());
    expect(back).toMatchObject({ id: row?.id, review: 'new', condition: 'active', count: 2 });
    expect(back).not.toHaveProperty('acknowledgedBy');
  });

  it('keeps the acknowledgement while the same condition goes on, and drops it when it gets worse', () => {
    const low = signal({ rule: 'sign-in-refused', severity: 'low' });
    const seen = acknowledge(book(low)[0] as Alert, 'li', T0 + 1);
    expect(applySignal(seen, low, ids())).toMatchObject({ review: 'acknowledged', count: 2, acknowledgedBy: 'li' });
    expect(applySignal(seen, { ...low, severity: 'medium' }, ids())).toMatchObject({
      review: 'new',
      severity: 'medium',
    });
  });

  it('never lowers the severity of a row', () => {
    expect(book(signal({ severity: 'medium' }), signal({ severity: 'low' }))).toMatchObject([{ severity: 'medium' }]);
  });

  it('opens a new row after the old one was closed', () => {
    const closed = closeAlert(book(signal())[0] as Alert, 'li', T0 + 1);
    expect(applySignal(closed, signal({ at: T0 + 2 }), () => 'second')).toMatchObject({ id: 'second', count: 1 });
  });

  it('opens a new row after 24 h of quiet, and not before', () => {
    const momentary = signal({ rule: 'malformed-packet' });
    expect(book(momentary, { ...momentary, at: T0 + QUIET_MS - 1 })).toHaveLength(1);
    expect(book(momentary, { ...momentary, at: T0 + QUIET_MS })).toHaveLength(2);
  });

  it('is the same outage after two silent days while nothing has cleared it', () => {
    const again = signal({ at: T0 + 48 * HOUR_MS });
    expect(book(signal(), again)).toMatchObject([{ count: 2 }]);
    expect(book(signal(), signal({ at: T0 + HOUR_MS, condition: 'cleared' }), again)).toHaveLength(2);
  });

  it('takes a late signal into the same row without turning time back', () => {
    expect(book(signal(), signal({ at: T0 - 5 }))).toMatchObject([{ first: T0 - 5, last: T0, count: 2 }]);
  });
});

describe('a review', () => {
  it('keeps who acknowledged first', () => {
    const row = book(signal())[0] as Alert;
    const once = acknowledge(row, 'li', T0 + 1);
    expect(once).toMatchObject({ review: 'acknowledged', acknowledgedBy: 'li', acknowledgedAt: T0 + 1 });
    expect(acknowledge(once, 'wang', T0 + 2)).toEqual(once);
  });

  it('does not bring a closed alert back', () => {
    const closed = closeAlert(book(signal())[0] as Alert, 'li', T0 + 1);
    expect(closed).toMatchObject({ review: 'closed', acknowledgedBy: 'li' });
    expect(acknowledge(closed, 'wang', T0 + 2)).toEqual(closed);
  });

  it('does not touch the condition', () => {
    const row = book(signal())[0] as Alert;
    expect(closeAlert(acknowledge(row, 'li', T0), 'li', T0).condition).toBe('active');
  });
});
