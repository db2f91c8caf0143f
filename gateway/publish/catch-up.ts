import type { Outbox, OutboxRecord } from '../outbox/outbox.ts';

/** Records of a writer that are read and sent at a time. */
const STRETCH = 32;
/** Of so many stretches one goes to the writer that is furthest behind. */
const TURNS = 4;
/** What was appended meanwhile is looked at this often. */
const REFRESH_MS = 100;

type Lag = { after: number; count: number };

/**
 * Sends a backlog so that live values keep their place: the writer with the least to send goes first, so one machine after
 * the other is up to date again and stays so, while every fourth stretch serves the one furthest behind, so that none
 * starves. Order per writer is kept, and with it sequence numbers and event time: a value never overtakes an older one of
 * its own machine.
 */
export async function catchUp(options: {
  readonly outbox: Outbox;
  /** Everything up to this record is sent. */
  readonly from: number;
  /** Takes records in this order; resolves when there is room for more. */
  readonly send: (record: OutboxRecord) => Promise<void>;
  /** false ends it early. */
  readonly mayGoOn: () => boolean;
  /** Any clock in ms that moves forward. */
  readonly now: () => number;
}): Promise<{
  /** Everything up to this record was handed to `send`; null when it ended early. */ readonly upTo: number | null;
}> {
  const { outbox, send, mayGoOn, now } = options;
  const lags = new Map<number, Lag>();
  let seen = options.from;
  let lookedAt = Number.NEGATIVE_INFINITY;
  for (let turn = 0; mayGoOn(); turn += 1) {
    if (now() - lookedAt >= REFRESH_MS || !hasWork(lags)) {
      seen = await addNew(outbox, seen, lags);
      lookedAt = now();
      if (!hasWork(lags)) return { upTo: seen };
    }
    const [writer, lag] = turn % TURNS === TURNS - 1 ? furthestBehind(lags) : leastBehind(lags);
    const records = await outbox.readWriter(writer, lag.after, STRETCH);
    // Records may have gone meanwhile: committed, or dropped at a bound.
    lag.count = records.length === 0 ? 0 : Math.max(lag.count - records.length, records.length < STRETCH ? 0 : 1);
    for (const record of records) {
      if (!mayGoOn()) return { upTo: null };
      await send(record);
      lag.after = record.lastSequence;
    }
  }
  return { upTo: null };
}

async function addNew(outbox: Outbox, after: number, lags: Map<number, Lag>): Promise<number> {
  let seen = after;
  for (const { writerId, count, firstSequence, lastId } of await outbox.backlog(after)) {
    const lag = lags.get(writerId);
    if (lag === undefined) lags.set(writerId, { after: firstSequence - 1, count });
    else lag.count += count;
    seen = Math.max(seen, lastId);
  }
  return seen;
}

function hasWork(lags: ReadonlyMap<number, Lag>): boolean {
  for (const { count } of lags.values()) if (count > 0) return true;
  return false;
}

const leastBehind = (lags: ReadonlyMap<number, Lag>): [number, Lag] => choose(lags, (count, best) => count < best);
const furthestBehind = (lags: ReadonlyMap<number, Lag>): [number, Lag] => choose(lags, (count, best) => count > best);

function choose(lags: ReadonlyMap<number, Lag>, isBetter: (count: number, best: number) => boolean): [number, Lag] {
  let chosen: [number, Lag] | null = null;
  for (const entry of lags)
    if (entry[1].count > 0 && (chosen === null || isBetter(entry[1].count, chosen[1].count))) chosen = entry;
  if (chosen === null) throw new RangeError('nothing to choose from');
  return chosen;
}
