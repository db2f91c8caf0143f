/** One transition of an alert, as it is kept for ever. Every member but `hash` is in the hash. */
export type AuditEntry = {
  /** 1, 2, 3 … without a gap. */
  readonly sequence: number;
  /** Epoch ms. */
  readonly at: number;
  /** Who: the way a person came in, or "joulegate" for the product itself. */
  readonly by: string;
  /** From where: network address, or "local". */
  readonly from: string;
  readonly action: string;
  readonly alert: string;
  readonly reason: string;
  /** State of the alert before and after, as JSON; empty where there was none. */
  readonly before: string;
  readonly after: string;
  /** Hash of the entry before; empty for the first. */
  readonly previous: string;
  readonly hash: string;
};

export type AuditChange = Omit<AuditEntry, 'sequence' | 'previous' | 'hash'>;

/** A collision-resistant hash of a text, e.g. SHA-256 in hex. */
export type Digest = (text: string) => string;

/** Where a trail ends; kept apart from it, it shows that entries were cut off at the end. */
export type TrailHead = Pick<AuditEntry, 'sequence' | 'hash'>;

export type TrailVerdict =
  | { readonly holds: true; readonly entries: number }
  /** `sequence`: the first entry that cannot be believed. */
  | { readonly holds: false; readonly sequence: number; readonly reason: string };

/** The entry of a change, chained to the one before it. */
export function chainEntry(last: TrailHead | null, change: AuditChange, digest: Digest): AuditEntry {
  const body = { ...change, sequence: (last?.sequence ?? 0) + 1, previous: last?.hash ?? '' };
  return { ...body, hash: digest(hashedText(body)) };
}

/**
 * Whether nothing was changed, removed, added or put in another order since it was written. A whole trail that was
 * computed anew, or cut off at its end, only shows against a `head` from elsewhere.
 */
export function verifyTrail(
  entries: readonly AuditEntry[],
  digest: Digest,
  head: TrailHead | null = null,
): TrailVerdict {
  let last: TrailHead | null = null;
  for (const entry of entries) {
    const due = (last?.sequence ?? 0) + 1;
    const broken = (reason: string): TrailVerdict => ({ holds: false, sequence: due, reason });
    if (entry.sequence !== due)
      return broken(`entry ${due} is missing or not in its place: ${entry.sequence} is there`);
    if (entry.previous !== (last?.hash ?? '')) return broken(`entry ${due} does not follow the one before it`);
    if (digest(hashedText(entry)) !== entry.hash) return broken(`entry ${due} was changed`);
    if (head?.sequence === due && head.hash !== entry.hash)
      return broken(`entry ${due} is not the one that was written`);
    last = entry;
  }
  if (head !== null && (last?.sequence ?? 0) < head.sequence) {
    const due = (last?.sequence ?? 0) + 1;
    return { holds: false, sequence: due, reason: `entries ${due} to ${head.sequence} are missing at the end` };
  }
  return { holds: true, entries: entries.length };
}

function hashedText(entry: Omit<AuditEntry, 'hash'>): string {
  const { sequence, at, by, from, action, alert, reason, before, after, previous } = entry;
  return JSON.stringify([sequence, at, by, from, action, alert, reason, before, after, previous]);
}
