import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { chainEntry, verifyTrail, type AuditEntry } from './audit-trail.ts';

const T0 = 1_700_000_000_000;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const trailOf = (length: number): AuditEntry[] => {
  const entries: AuditEntry[] = [];
  for (let index = 0; index < length; index += 1) {
    const change = {
      at: T0 + index,
      by: 'li',
      from: '10.0.0.7',
      action: 'comment',
      alert: `alert-${index}`,
      reason: `reason ${index}`,
      before: '{}',
      after: '{"review":"acknowledged"}',
    };
    entries.push(chainEntry(entries.at(-1) ?? null, change, sha256));
  }
  return entries;
};

describe('the audit trail', () => {
  it('holds as it was written, also when it is empty', () => {
    expect(verifyTrail(trailOf(5), sha256)).toEqual({ holds: true, entries: 5 });
    expect(verifyTrail([], sha256)).toEqual({ holds: true, entries: 0 });
  });

  it.each(['at', 'by', 'from', 'action', 'alert', 'reason', 'before', 'after'] as const)(
    'shows that %s of an entry was changed',
    (member) => {
      const entries = trailOf(5);
      const third = entries[2] as AuditEntry;
      entries[2] = { ...third, [member]: member === 'at' ? T0 + 999 : 'forged' };
      expect(verifyTrail(entries, sha256)).toMatchObject({ holds: false, sequence: 3 });
    },
  );

  it('shows a changed entry also when its own hash was made anew', () => {
    const entries = trailOf(5);
    entries[2] = chainEntry(entries[1] as AuditEntry, { ...(entries[2] as AuditEntry), by: 'forged' }, sha256);
    expect(verifyTrail(entries, sha256)).toMatchObject({ holds: false, sequence: 4 });
  });

  it.each([0, 1, 3])('shows that entry %i was removed', (index) => {
    expect(verifyTrail(trailOf(5).toSpliced(index, 1), sha256)).toMatchObject({ holds: false, sequence: index + 1 });
  });

  it('shows another order and an entry written twice', () => {
    const entries = trailOf(5);
    const [one, two, three, four, five] = entries as [AuditEntry, AuditEntry, AuditEntry, AuditEntry, AuditEntry];
    expect(verifyTrail([one, three, two, four, five], sha256)).toMatchObject({ holds: false, sequence: 2 });
    expect(verifyTrail([one, two, two, three], sha256)).toMatchObject({ holds: false, sequence: 3 });
  });

  it('shows against a head from elsewhere that the end was cut off or all was computed anew', () => {
    const entries = trailOf(5);
    const head = entries.at(-1) ?? null;
    expect(verifyTrail(entries, sha256, head)).toEqual({ holds: true, entries: 5 });
    expect(verifyTrail(entries.slice(0, 3), sha256, head)).toMatchObject({ holds: false, sequence: 4 });
    const anew = trailOf(5);
    anew.pop();
    anew.push(chainEntry(anew.at(-1) ?? null, { ...(entries[4] as AuditEntry), by: 'eve' }, sha256));
    expect(verifyTrail(anew, sha256, head)).toMatchObject({ holds: false, sequence: 5 });
  });
});
