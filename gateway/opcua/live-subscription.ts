import {
  DataChangeNotification,
  type ClientSession,
  type ClientSubscription,
  type NotificationMessage,
} from 'node-opcua';
import type { AckGate } from './ack-gate.ts';
import type { BatchSender } from './batch-sender.ts';
import { takeNotification, type OtherValue } from './notification-decoder.ts';
import type { LastSeen } from './last-seen.ts';
import { nameValues } from './named-values.ts';
import { createSubscription } from './subscribe.ts';
import { ColumnCollector } from './value-columns.ts';
import type { EnumerationNames } from './values/value-type.ts';

export type SubscriptionHooks = {
  readonly gate: AckGate;
  readonly sender: BatchSender;
  readonly seen: LastSeen;
  readonly other: OtherValue;
  /** Names of the values of an enumeration, by handle. */
  readonly names: ReadonlyMap<number, EnumerationNames>;
  readonly onAlive: () => void;
  /** The server says that it dropped values before these; or some could not be decoded. */
  readonly onLost: (count: number) => void;
  /** Notifications of this subscription are missing; the next values of its tags come after a gap. */
  readonly onMissing: (subscription: LiveSubscription) => void;
  readonly onEnded: (reason: string) => void;
};

/** A number that is this little lower is a repeat; one that is far lower has wrapped round (OPC 10000-4 7.26). */
const REPEATS = 10_000;

/** One subscription of a session with its signs of life. */
export class LiveSubscription {
  readonly publishingMs: number;
  /** Our clock when the server last said something through it. */
  heardAt = Date.now();
  /** One of its monitored items at the server; 0 before the first. */
  someItem = 0;
  readonly #subscription: ClientSubscription;
  readonly #hooks: SubscriptionHooks;
  readonly #collector = new ColumnCollector();
  #closed = false;
  /** Sequence number of the last notification with values; 0 before the first. */
  #sequence = 0;

  private constructor(subscription: ClientSubscription, publishingMs: number, hooks: SubscriptionHooks) {
    this.#subscription = subscription;
    this.#hooks = hooks;
    this.publishingMs = publishingMs;
    subscription.on('raw_notification', (notification) => this.#take(notification));
    subscription.on('keepalive', () => {
      this.heardAt = Date.now();
      hooks.onAlive();
    });
    subscription.on('terminated', () => this.#end('subscription terminated'));
    subscription.on('internal_error', (error: Error) => this.#end(`subscription failed: ${error.message}`));
  }

  static async open(session: ClientSession, publishingMs: number, hooks: SubscriptionHooks): Promise<LiveSubscription> {
    return new LiveSubscription(await createSubscription(session, publishingMs), publishingMs, hooks);
  }

  get subscription(): ClientSubscription {
    return this.#subscription;
  }

  /** A subscription that is silent for longer than this, in ms, is not alive. */
  get patienceMs(): number {
    return Math.max(7000, this.publishingMs * 3);
  }

  /** Ends it here and, without waiting for an answer, at the server. */
  abandon(): void {
    this.#closed = true;
    this.#subscription.terminate().catch(() => undefined);
  }

  /** The server counts its notifications from 1 again. */
  restart(): void {
    this.#sequence = 0;
  }

  /** Notifications missing before this one; −1 for one that has been taken already (a server may send it twice). */
  #missingBefore({ sequenceNumber, notificationData }: NotificationMessage): number {
    if ((notificationData ?? []).length === 0) return 0;
    const before = this.#sequence;
    if (before > 0 && sequenceNumber <= before && before - sequenceNumber < REPEATS) return -1;
    this.#sequence = sequenceNumber;
    return before === 0 || sequenceNumber <= before ? 0 : sequenceNumber - before - 1;
  }

  #end(reason: string): void {
    if (!this.#closed) this.#hooks.onEnded(reason);
  }

  #take(notification: NotificationMessage): void {
    if (this.#closed) return;
    const { gate, sender, seen, other, names, onLost } = this.#hooks;
    const receivedAt = Date.now();
    this.heardAt = receivedAt;
    const missing = this.#missingBefore(notification);
    const { subscriptionId } = this.#subscription;
    if (missing < 0) return gate.bind(subscriptionId, notification.sequenceNumber, 0);
    if (missing > 0) this.#hooks.onMissing(this);
    let lost = missing;
    let dropped = 0;
    for (const data of notification.notificationData ?? []) {
      if (!(data instanceof DataChangeNotification)) continue;
      const { overflows, undecodable } = takeNotification(data, this.#collector, receivedAt, other);
      dropped += overflows;
      lost += overflows + undecodable;
      // Values are taken here in bulk; the library's own walk over its items would find none of them.
      data.monitoredItems = [];
    }
    if (names.size > 0) nameValues(this.#collector, names);
    if (lost > 0) onLost(lost);
    seen.note(this.#collector, dropped);
    const batch = this.#collector.length > 0 ? this.#collector.take() : null;
    gate.bind(
      subscriptionId,
      notification.sequenceNumber,
      batch === null ? 0 : sender.send(batch, notification.publishTime?.getTime() ?? receivedAt),
    );
  }
}
