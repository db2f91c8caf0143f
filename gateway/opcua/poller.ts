import { AttributeIds, type ClientSession, type DataValue } from 'node-opcua';
import { describeError } from '../../broker/contract/error.ts';
import type { BatchSender } from './batch-sender.ts';
import type { LastSeen } from './last-seen.ts';
import { nameValues } from './named-values.ts';
import { takeObject, type OtherValue } from './notification-decoder.ts';
import { batchSize, inBatches, serviceResultOf } from './service-batches.ts';
import type { ResolvedTag } from './subscribe.ts';
import { ColumnCollector } from './value-columns.ts';
import type { EnumerationNames } from './values/value-type.ts';

export type PollerParts = {
  readonly sender: BatchSender;
  readonly seen: LastSeen;
  readonly other: OtherValue;
  readonly names: ReadonlyMap<number, EnumerationNames>;
  readonly maxNodesPerRead: number;
  /** A round was answered. */
  readonly onAlive: () => void;
  /** Told of a node that cannot be read, and again with null when it can. */
  readonly onNode: (tag: ResolvedTag, reason: string | null) => void;
  readonly onEnded: (reason: string) => void;
};

type Group = { readonly intervalMs: number; readonly tags: ResolvedTag[]; timer: NodeJS.Timeout | null };
type Seen = { readonly time: number; readonly status: number; readonly value: unknown };

/** A server that subscribes nobody is not read more often than this. */
const SHORTEST_MS = 500;
const READ_BATCH = 500;
/** Rounds in a row without an answer before the session is given up. */
const PATIENCE = 3;
const LEAST_PATIENCE_MS = 7000;

/**
 * Reads tags in rounds, for servers without subscriptions. A value goes on when its source timestamp, status or value is another than
 * in the round before; what changes between two rounds is not seen.
 */
export class Poller implements Disposable {
  readonly #session: ClientSession;
  readonly #parts: PollerParts;
  readonly #groups = new Map<number, Group>();
  readonly #seen = new Map<number, Seen>();
  readonly #bad = new Set<number>();
  #failures = 0;
  #isPaused = false;
  #isStopped = false;
  /** Our clock when a read was last answered. */
  heardAt = Date.now();

  constructor(session: ClientSession, parts: PollerParts) {
    this.#session = session;
    this.#parts = parts;
  }

  /** Reads these tags too, each at its sampling interval, 500 ms at the shortest. */
  add(tags: readonly ResolvedTag[]): void {
    for (const entry of tags) {
      const intervalMs = Math.max(SHORTEST_MS, entry.tag.samplingMs);
      const group = this.#groups.get(intervalMs) ?? { intervalMs, tags: [], timer: null };
      group.tags.push(entry);
      this.#groups.set(intervalMs, group);
      if (group.timer === null) this.#schedule(group, 0);
    }
  }

  /** Tags that are read in rounds. */
  get size(): number {
    return [...this.#groups.values()].reduce((sum, { tags }) => sum + tags.length, 0);
  }

  /** A server whose rounds stay without an answer for longer than this, in ms, does not answer. */
  get patienceMs(): number {
    return Math.max(LEAST_PATIENCE_MS, 2 * Math.max(0, ...this.#groups.keys()));
  }

  /** The connection is broken and is being repaired: rounds without an answer count for nothing. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#failures = 0;
    this.heardAt = Date.now();
  }

  /** Reads only those of its tags that are among these. */
  keep(handles: ReadonlySet<number>): void {
    for (const group of this.#groups.values()) {
      const staying = group.tags.filter(({ tag }) => handles.has(tag.handle));
      group.tags.splice(0, group.tags.length, ...staying);
    }
    for (const handle of this.#seen.keys()) if (!handles.has(handle)) this.#seen.delete(handle);
  }

  has(handle: number): boolean {
    return [...this.#groups.values()].some(({ tags }) => tags.some(({ tag }) => tag.handle === handle));
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    for (const { timer } of this.#groups.values()) if (timer !== null) clearTimeout(timer);
  }

  #schedule(group: Group, afterMs: number): void {
    if (this.#isStopped) return;
    group.timer = setTimeout(() => {
      const begun = Date.now();
      void this.#round(group).finally(() =>
        this.#schedule(group, Math.max(50, group.intervalMs - (Date.now() - begun))),
      );
    }, afterMs);
  }

  async #round(group: Group): Promise<void> {
    if (group.tags.length === 0 || this.#isPaused) return;
    const tags = [...group.tags];
    try {
      const values = await inBatches<ResolvedTag, DataValue>(
        tags,
        batchSize(this.#parts.maxNodesPerRead, READ_BATCH),
        (batch) => this.#read(batch),
      );
      if (this.#isStopped) return;
      this.#failures = 0;
      this.#parts.onAlive();
      this.#take(tags, values);
    } catch {
      if (this.#isPaused) return;
      this.#failures += 1;
      if (this.#failures >= PATIENCE && !this.#isStopped) this.#parts.onEnded('the server does not answer reads');
    }
  }

  async #read(batch: readonly ResolvedTag[]): Promise<DataValue[]> {
    const values = await this.#session.read(batch.map(({ nodeId }) => ({ nodeId, attributeId: AttributeIds.Value })));
    this.heardAt = Date.now();
    return values;
  }

  #take(tags: readonly ResolvedTag[], values: readonly DataValue[]): void {
    const collector = new ColumnCollector();
    const receivedAt = Date.now();
    tags.forEach((entry, index) => {
      const value = values[index];
      if (value === undefined) return;
      const { handle } = entry.tag;
      if (isNoNode(value.statusCode.value)) {
        if (!this.#bad.has(handle)) this.#parts.onNode(entry, value.statusCode.name);
        this.#bad.add(handle);
        return;
      }
      if (this.#bad.delete(handle)) this.#parts.onNode(entry, null);
      const now = {
        time: (value.sourceTimestamp ?? value.serverTimestamp)?.getTime() ?? 0,
        status: value.statusCode.value,
        value: value.value?.value as unknown,
      };
      const before = this.#seen.get(handle);
      if (before !== undefined && isSame(before, now, value.sourceTimestamp !== null)) return;
      this.#seen.set(handle, now);
      takeObject(handle, value, collector, receivedAt, this.#parts.other);
    });
    this.#parts.seen.note(collector);
    if (collector.length === 0) return;
    if (this.#parts.names.size > 0) nameValues(collector, this.#parts.names);
    this.#parts.sender.send(collector.take(), receivedAt);
  }
}

/** BadServiceUnsupported, BadNotSupported, BadNotImplemented, BadTooManySubscriptions. */
const noSubscriptions: ReadonlySet<number> = new Set([0x80_0b_00_00, 0x80_3d_00_00, 0x80_40_00_00, 0x80_77_00_00]);

/** Whether an error says that a server makes no subscription, or none more. */
export function hasNoSubscriptions(error: unknown): boolean {
  const status = serviceResultOf(error);
  if (status !== null) return noSubscriptions.has(status.value);
  return /BadServiceUnsupported|BadNotSupported|BadNotImplemented|BadTooManySubscriptions/.test(describeError(error));
}

/** BadNodeIdInvalid, BadNodeIdUnknown, BadAttributeIdInvalid: there is no such value, now or later. */
const noNode: ReadonlySet<number> = new Set([0x80_33_00_00, 0x80_34_00_00, 0x80_35_00_00]);
const isNoNode = (status: number): boolean => noNode.has(status);

/** Without a source timestamp the server's own time moves on with every read and says nothing. */
function isSame(before: Seen, now: Seen, hasSourceTime: boolean): boolean {
  if (before.status !== now.status) return false;
  if (hasSourceTime) return before.time === now.time;
  return Object.is(before.value, now.value);
}
