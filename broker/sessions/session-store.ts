import type { Journal } from './journal.ts';
import { FilterTree } from './filter-tree.ts';
import { RetainedMessages } from './retained.ts';
import { entryBytes, Session, type QueuedMessage } from './session.ts';

export type SessionLimits = {
  readonly maxInflight: number;
  readonly maxQueuedBytes: number;
  readonly maxQueuedBytesTotal: number;
  readonly maxRetainedMessages: number;
  readonly maxRetainedBytes: number;
  readonly sessionExpiryMs: number;
};

/** A message as a client or the broker publishes it. */
export type Publication = {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly messageId?: number | undefined;
};

export type Publisher = {
  readonly clientId: string;
  readonly clean: boolean;
  /** Whether it comes over a bridge: what it says is not forwarded over one again. */
  readonly isBridge: boolean;
};

type Subscriber = { readonly session: Session; readonly qos: 1 | 2 };
type Target = { readonly session: Session; qos: 1 | 2 };

const TOPICS_REMEMBERED = 10_000;
export const BRIDGE_SESSION = '$bridge/';

/** Sessions with their queues, retained messages and half-done QoS 2 exchanges, kept in memory and in the journal. */
export class SessionStore {
  readonly retained: RetainedMessages;
  readonly sessions = new Map<string, Session>();
  readonly #journal: Journal;
  readonly #limits: SessionLimits;
  readonly #now: () => number;
  readonly #onQueueFull: (session: Session) => void;
  readonly #tree = new FilterTree<Subscriber>();
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #targets = new Map<string, readonly Target[]>();
  /** QoS 2 identifiers between PUBLISH and PUBREL, per client id; true once the broker has handed the message on. */
  readonly #incoming = new Map<string, Map<number, boolean>>();
  /** Payloads of messages that are already queued and on disk. */
  readonly #accepted = new WeakSet<Buffer>();
  #nextMessage: number;
  queuedBytes = 0;
  droppedTotal = 0;

  constructor(options: {
    readonly journal: Journal;
    readonly limits: SessionLimits;
    readonly now: () => number;
    /** A session whose queue cannot take a message; the message is lost for it. */
    readonly onQueueFull: (session: Session) => void;
  }) {
    this.#journal = options.journal;
    this.#limits = options.limits;
    this.#now = options.now;
    this.#onQueueFull = options.onQueueFull;
    this.retained = new RetainedMessages(options.limits);
    this.#nextMessage = options.journal.stored.nextMessage;
    this.#restore();
  }

  /** The session of that id, made when there is none. */
  open(id: string, owner: string): Session {
    const before = this.sessions.get(id);
    if (before !== undefined) return before;
    const session = this.#add(id, owner, 0);
    this.#journal.write({ kind: 'session', session: id, owner, offlineSince: 0 });
    return session;
  }

  /** Ends a session: subscriptions, queue and half-done exchanges are forgotten. */
  drop(id: string): void {
    this.#incoming.delete(id);
    const session = this.sessions.get(id);
    if (session === undefined) return;
    for (const filter of session.filters.keys()) this.#unsubscribe(session, filter);
    session.clear();
    this.sessions.delete(id);
    this.#journal.write({ kind: 'session-gone', session: id });
  }

  subscribe(session: Session, filter: string, qos: number): void {
    this.#unsubscribe(session, filter);
    session.filters.set(filter, qos);
    if (qos > 0) {
      const subscriber: Subscriber = { session, qos: qos === 2 ? 2 : 1 };
      this.#subscribers.set(`${session.id} ${filter}`, subscriber);
      this.#tree.add(filter, subscriber);
    }
    this.#targets.clear();
    this.#journal.write({ kind: 'subscribe', session: session.id, filter, qos });
  }

  unsubscribe(session: Session, filter: string): void {
    if (!session.filters.has(filter)) return;
    this.#unsubscribe(session, filter);
    this.#journal.write({ kind: 'unsubscribe', session: session.id, filter });
  }

  /** Whether the session's queue takes messages of a topic, so that no other way may bring them as well. */
  queues(session: Session, topic: string): boolean {
    return this.#targetsOf(topic).some((target) => target.session === session);
  }

  /**
   * Puts a message into the queues of the sessions that want it and keeps it if it is to be retained; calls back when all
   * of this is on disk. Only then may it be acknowledged.
   */
  accept(publication: Publication, publisher: Publisher | null, done: (error: Error | null) => void): void {
    const { topic, payload, qos, retain, messageId } = publication;
    const exchange = qos === 2 && publisher !== null && messageId !== undefined ? { publisher, messageId } : null;
    if (exchange !== null && this.#incoming.get(exchange.publisher.clientId)?.has(exchange.messageId) === true)
      return done(null);
    const targets =
      qos === 0 ? [] : this.#targetsOf(topic).filter((target) => this.#takes(target, publication, publisher));
    const durableExchange = exchange !== null && !exchange.publisher.clean;
    if (exchange !== null) this.#incomingOf(exchange.publisher.clientId).set(exchange.messageId, false);
    this.#accepted.add(payload);
    if (targets.length === 0 && !retain && !durableExchange) return done(null);
    const own = copied(payload);
    if (retain) this.retained.set({ topic, qos, payload: own });
    const size = entryBytes(publication);
    for (const { session } of targets) session.reserved += size;
    const message: QueuedMessage = {
      id: this.#nextMessage,
      topic,
      payload: own,
      stored: true,
      holders: targets.length,
    };
    if (targets.length > 0) {
      this.#nextMessage += 1;
      this.#journal.write({
        kind: 'message',
        message: message.id,
        topic,
        payload: own,
        targets: targets.map(({ session, qos: granted }) => ({ session: session.id, qos: Math.min(qos, granted) })),
      });
    }
    const kept = retain && !topic.startsWith('$SYS/');
    if (kept) this.#journal.write({ kind: 'retain', topic, qos, payload: own });
    if (durableExchange)
      this.#journal.write({ kind: 'incoming', session: exchange.publisher.clientId, messageId: exchange.messageId });
    const finish = (error: Error | null): void => {
      for (const { session } of targets) session.reserved -= size;
      if (error !== null) {
        if (exchange !== null) this.#incoming.get(exchange.publisher.clientId)?.delete(exchange.messageId);
        return done(error);
      }
      for (const { session, qos: granted } of targets) {
        if (this.sessions.get(session.id) === session) session.enqueue(message, qos === 2 && granted === 2 ? 2 : 1);
      }
      done(null);
    };
    if (qos === 0) {
      finish(null);
      return;
    }
    this.#journal.committed(finish);
  }

  /** Whether `accept` has taken the message this payload belongs to. */
  hasAccepted(payload: Buffer): boolean {
    return this.#accepted.has(payload);
  }

  /** Calls back when everything said so far is on disk. */
  committed(done: (error: Error | null) => void): void {
    this.#journal.committed(done);
  }

  isIncoming(clientId: string, messageId: number): boolean {
    return this.#incoming.get(clientId)?.get(messageId) === true;
  }

  handedOn(clientId: string, messageId: number): void {
    this.#incomingOf(clientId).set(messageId, true);
  }

  /** PUBREL: the identifier may be used again. */
  incomingDone(clientId: string, messageId: number): boolean {
    const known = this.#incoming.get(clientId)?.delete(messageId) === true;
    if (known) this.#journal.write({ kind: 'incoming-done', session: clientId, messageId });
    return known;
  }

  forgetIncoming(clientId: string): void {
    this.#incoming.delete(clientId);
  }

  /** A retained message for a session that has just subscribed. */
  enqueueRetained(session: Session, publication: Publication): void {
    const { topic, payload, qos } = publication;
    session.enqueue({ id: 0, topic, payload, stored: false, holders: 1 }, qos === 2 ? 2 : 1, { retain: true });
  }

  /** Notes who has gone and ends sessions whose client stays away too long; call it now and then. */
  expire(): void {
    const at = this.#now();
    for (const session of this.sessions.values()) {
      if (session.online || session.id.startsWith(BRIDGE_SESSION)) continue;
      if (session.offlineSince === 0) session.offlineSince = at;
      else if (at - session.offlineSince > this.#limits.sessionExpiryMs) this.drop(session.id);
    }
  }

  /** The client of a session has gone. */
  wentOffline(session: Session): void {
    this.#journal.write({
      kind: 'session',
      session: session.id,
      owner: session.owner,
      offlineSince: session.offlineSince,
    });
  }

  #takes({ session }: Target, publication: Publication, publisher: Publisher | null): boolean {
    if (publisher?.isBridge === true && session.id.startsWith(BRIDGE_SESSION)) return false;
    const size = entryBytes(publication);
    if (
      session.bytes + session.reserved + size <= this.#limits.maxQueuedBytes &&
      this.queuedBytes + size <= this.#limits.maxQueuedBytesTotal
    )
      return true;
    this.droppedTotal += 1;
    this.#onQueueFull(session);
    return false;
  }

  #targetsOf(topic: string): readonly Target[] {
    if (this.#subscribers.size === 0) return [];
    const known = this.#targets.get(topic);
    if (known !== undefined) return known;
    const bySession = new Map<Session, Target>();
    for (const { session, qos } of this.#tree.match(topic)) {
      const target = bySession.get(session);
      if (target === undefined) bySession.set(session, { session, qos });
      else if (qos === 2) target.qos = 2;
    }
    if (this.#targets.size >= TOPICS_REMEMBERED) this.#targets.clear();
    const targets = [...bySession.values()];
    this.#targets.set(topic, targets);
    return targets;
  }

  #unsubscribe(session: Session, filter: string): void {
    const key = `${session.id} ${filter}`;
    const subscriber = this.#subscribers.get(key);
    if (subscriber !== undefined) this.#tree.remove(filter, subscriber);
    this.#subscribers.delete(key);
    session.filters.delete(filter);
    this.#targets.clear();
  }

  #incomingOf(clientId: string): Map<number, boolean> {
    const known = this.#incoming.get(clientId) ?? new Map<number, boolean>();
    this.#incoming.set(clientId, known);
    return known;
  }

  #add(id: string, owner: string, offlineSince: number): Session {
    const session = new Session({
      id,
      owner,
      offlineSince,
      journal: this.#journal,
      maxInflight: this.#limits.maxInflight,
      onBytes: (change) => (this.queuedBytes += change),
    });
    this.sessions.set(id, session);
    return session;
  }

  #restore(): void {
    const { sessions, subscriptions, entries, retained, incoming } = this.#journal.stored;
    const now = this.#now();
    for (const { id, owner, offlineSince } of sessions) this.#add(id, owner, offlineSince === 0 ? now : offlineSince);
    for (const { session, filter, qos } of subscriptions) {
      const owner = this.sessions.get(session);
      if (owner !== undefined) this.subscribe(owner, filter, qos);
    }
    const messages = new Map<number, QueuedMessage>();
    for (const stored of entries) {
      const session = this.sessions.get(stored.session);
      if (session === undefined) continue;
      const { message: id, topic, messageId, released } = stored;
      const message = messages.get(id) ?? { id, topic, payload: Buffer.from(stored.payload), stored: true, holders: 0 };
      messages.set(id, message);
      message.holders += 1;
      session.enqueue(message, stored.qos === 2 ? 2 : 1, { messageId, released: released === 1 });
    }
    for (const { topic, qos, payload } of retained)
      this.retained.set({ topic, qos: qos === 2 ? 2 : qos === 1 ? 1 : 0, payload: Buffer.from(payload) });
    for (const { session, messageId } of incoming) this.handedOn(session, messageId);
  }
}

/** A small payload is a view into what was read from the socket at once; a queue must not keep all of that. */
function copied(payload: Buffer): Buffer {
  return payload.length * 4 < payload.buffer.byteLength ? Buffer.from(payload) : payload;
}
