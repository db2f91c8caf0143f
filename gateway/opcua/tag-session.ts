import {
  DataChangeNotification,
  type ClientSession,
  type ClientSubscription,
  type NotificationMessage,
} from 'node-opcua';
import { parseNodeAddress, resolveNodeAddress } from './node-address.ts';
import type { WorkerMessage, WorkerStart, WorkerTag } from './protocol.ts';
import { createItems, createSubscription, type ItemOutcome, type ResolvedTag } from './subscribe.ts';
import { checkUnits } from './units.ts';
import { ColumnCollector } from './value-columns.ts';

type Say = (message: WorkerMessage) => void;

/** No sign of life of a subscription for this long: the session is given up. Keep-alives come every 5 s. */
const SILENCE_MS = 20_000;
/** Tags whose node was unknown are tried again this often, with everything else left as it is. */
const RETRY_BAD_MS = 60_000;
/** Info bits of a status code: data value info with the overflow bit (OPC 10000-4 7.39.1). */
const OVERFLOW_BIT = 0x480;

/** What happens within one session: tags resolved by namespace URI, subscriptions, values, signs of life. */
export class TagSession {
  readonly silent: Promise<string>;
  readonly #start: WorkerStart;
  readonly #session: ClientSession;
  readonly #say: Say;
  readonly #collector = new ColumnCollector();
  readonly #bad = new Map<number, WorkerTag>();
  readonly #subscriptions = new Map<number, ClientSubscription>();
  readonly #timers: NodeJS.Timeout[] = [];
  #namespaces: readonly string[] = [];
  #maxItems = 0;
  #lastSign = new Map<number, number>();
  #fail: (reason: string) => void = () => undefined;

  constructor(start: WorkerStart, session: ClientSession, say: Say) {
    this.#start = start;
    this.#session = session;
    this.#say = say;
    this.silent = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  /** Resolves the tags anew by namespace URI (indexes may have changed since the last session) and subscribes. */
  async begin(): Promise<void> {
    this.#session.on('session_closed', () => this.#fail('session closed'));
    this.#namespaces = await this.#session.readNamespaceArray();
    const limit = await this.#session.read({ nodeId: 'i=11714' }).catch(() => null);
    this.#maxItems = Number(limit?.value.value) || 0;
    this.#say({ kind: 'connected' });
    const intervals = new Set(this.#start.tags.map((tag) => tag.publishingMs));
    for (const publishingMs of intervals) {
      const subscription = await createSubscription(this.#session, publishingMs);
      this.#subscriptions.set(publishingMs, subscription);
      this.#watch(publishingMs, subscription);
      await this.#subscribe(
        publishingMs,
        this.#start.tags.filter((tag) => tag.publishingMs === publishingMs),
      );
    }
    this.#timers.push(
      setInterval(() => this.#checkSigns(), 1000),
      setInterval(() => void this.#retryBad().catch(() => undefined), RETRY_BAD_MS),
    );
    await checkUnits(
      this.#session,
      this.#resolved(this.#start.tags.filter((tag) => !this.#bad.has(tag.handle))),
      this.#say,
    );
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #watch(publishingMs: number, subscription: ClientSubscription): void {
    this.#lastSign.set(publishingMs, Date.now());
    subscription.on('raw_notification', (notification) => this.#take(publishingMs, notification));
    subscription.on('keepalive', () => {
      this.#lastSign.set(publishingMs, Date.now());
      this.#say({ kind: 'alive', at: Date.now() });
    });
    subscription.on('terminated', () => this.#fail('subscription terminated'));
    subscription.on('internal_error', (error: Error) => this.#fail(`subscription failed: ${error.message}`));
  }

  #take(publishingMs: number, notification: NotificationMessage): void {
    const receivedAt = Date.now();
    this.#lastSign.set(publishingMs, receivedAt);
    let lost = 0;
    for (const data of notification.notificationData ?? []) {
      if (!(data instanceof DataChangeNotification)) continue;
      for (const item of data.monitoredItems ?? []) {
        // The Overflow bit says that values before this one were dropped by the server's queue.
        if ((item.value.statusCode.value & OVERFLOW_BIT) === OVERFLOW_BIT) lost += 1;
        this.#collector.add(item.clientHandle, item.value, receivedAt);
      }
      // Values are taken here in bulk; the library's own walk over its items would find none of them.
      data.monitoredItems = [];
    }
    if (lost > 0) this.#say({ kind: 'lost', count: lost });
    if (this.#collector.length > 0) {
      this.#say({
        kind: 'values',
        columns: this.#collector.take(),
        publishedAt: notification.publishTime?.getTime() ?? receivedAt,
      });
    }
  }

  #resolved(tags: readonly WorkerTag[]): ResolvedTag[] {
    const resolved: ResolvedTag[] = [];
    for (const tag of tags) {
      const nodeId = resolveNodeAddress(parseNodeAddress(tag.nodeId), this.#namespaces);
      if (nodeId === null) this.#noteBad(tag, 'its namespace is not in the NamespaceArray of the server');
      else resolved.push({ tag, nodeId });
    }
    return resolved;
  }

  async #subscribe(publishingMs: number, tags: readonly WorkerTag[]): Promise<void> {
    const subscription = this.#subscriptions.get(publishingMs);
    if (subscription === undefined) return;
    for (const outcome of await createItems(this.#session, subscription, this.#resolved(tags), this.#maxItems)) {
      this.#noteOutcome(outcome);
    }
  }

  #noteOutcome({ tag, statusCode, statusName }: ItemOutcome): void {
    if (statusCode >>> 30 === 2) return this.#noteBad(tag, statusName);
    if (this.#bad.delete(tag.handle)) this.#say({ kind: 'clear', code: 'NODE_UNKNOWN', where: placeOf(tag) });
  }

  #noteBad(tag: WorkerTag, reason: string): void {
    const { server } = this.#start;
    const isNew = !this.#bad.has(tag.handle);
    this.#bad.set(tag.handle, tag);
    this.#say({
      kind: 'problem',
      problem: {
        code: 'NODE_UNKNOWN',
        severity: 'error',
        where: placeOf(tag),
        equipment: tag.equipment,
        message: `tag ${placeOf(tag)}: node "${tag.nodeId}" cannot be read at server "${server.name}" (${server.endpoint}): ${reason}`,
        remedy:
          'correct nodeId in plant.yaml, or bring the node back in the server; the other tags go on and this one is tried again every minute',
      },
    });
    if (isNew) {
      this.#say({
        kind: 'event',
        event: {
          kind: 'node-unknown',
          severity: 'low',
          message: `node cannot be read: ${reason}`,
          subject: tag.nodeId.slice(0, 512),
          equipment: tag.equipment,
        },
      });
    }
  }

  async #retryBad(): Promise<void> {
    const tags = [...this.#bad.values()];
    for (const publishingMs of this.#subscriptions.keys()) {
      const due = tags.filter((tag) => tag.publishingMs === publishingMs);
      if (due.length > 0) await this.#subscribe(publishingMs, due);
    }
  }

  #checkSigns(): void {
    for (const [publishingMs, at] of this.#lastSign) {
      if (Date.now() - at > Math.max(SILENCE_MS, publishingMs * 3))
        this.#fail(`no data and no keep-alive for ${SILENCE_MS / 1000} s`);
    }
  }
}

const placeOf = (tag: WorkerTag): string => `${tag.equipment}/${tag.name}`;
