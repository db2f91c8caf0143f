import type { Journal } from './journal.ts';

/** A message shared by the queues it stands in. */
export type QueuedMessage = {
  readonly id: number;
  readonly topic: string;
  readonly payload: Buffer;
  /** Whether the journal has it; retained messages sent on subscribing are not journalled. */
  readonly stored: boolean;
  /** Queues that still hold it. */
  holders: number;
};

export type Entry = {
  readonly message: QueuedMessage;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  messageId: number;
  /** `released`: the receiver has it (PUBREC) and waits for PUBREL. */
  state: 'waiting' | 'sent' | 'released';
  /** Was sent before, on this connection or an earlier one. [MQTT-3.3.1-1] */
  dup: boolean;
};

/** The way to the receiver of a session while it is there. */
export type Transport = {
  /** false = its buffer is full: nothing is sent until `onRoom` calls. */
  readonly hasRoom: () => boolean;
  readonly onRoom: (call: () => void) => void;
  readonly send: (entry: Entry) => void;
  readonly release: (messageId: number) => void;
};

const MAX_MESSAGE_ID = 65_535;
const ENTRY_OVERHEAD_BYTES = 64;

/** Bytes an entry counts for against the bounds of queues. */
export function entryBytes({ topic, payload }: { readonly topic: string; readonly payload: Buffer }): number {
  return topic.length + payload.length + ENTRY_OVERHEAD_BYTES;
}

/**
 * A session that outlives its connection: subscriptions and the queue of QoS 1/2 messages, sent in order, never more
 * than `maxInflight` without an acknowledgement and never faster than the receiver reads.
 */
export class Session {
  readonly id: string;
  readonly owner: string;
  readonly filters = new Map<string, number>();
  bytes = 0;
  /** Of messages on their way to the disk, which will be queued. */
  reserved = 0;
  /** Epoch ms; 0 while the client is there. */
  offlineSince: number;
  readonly #journal: Journal;
  readonly #maxInflight: number;
  readonly #onBytes: (change: number) => void;
  readonly #entries = new Set<Entry>();
  readonly #byMessageId = new Map<number, Entry>();
  #waiting: Entry[] = [];
  #head = 0;
  #inflight = 0;
  #nextMessageId = 1;
  #transport: Transport | null = null;
  #paused = false;

  constructor(options: {
    readonly id: string;
    readonly owner: string;
    readonly offlineSince: number;
    readonly journal: Journal;
    readonly maxInflight: number;
    readonly onBytes: (change: number) => void;
  }) {
    this.id = options.id;
    this.owner = options.owner;
    this.offlineSince = options.offlineSince;
    this.#journal = options.journal;
    this.#maxInflight = options.maxInflight;
    this.#onBytes = options.onBytes;
  }

  get depth(): number {
    return this.#entries.size;
  }

  get online(): boolean {
    return this.#transport !== null;
  }

  /** Puts a message at the end and sends what may be sent. */
  enqueue(message: QueuedMessage, qos: 1 | 2, { retain = false, messageId = 0, released = false } = {}): void {
    const entry: Entry = {
      message,
      qos,
      retain,
      messageId,
      state: released ? 'released' : 'waiting',
      dup: messageId !== 0,
    };
    this.#entries.add(entry);
    if (messageId !== 0) this.#byMessageId.set(messageId, entry);
    this.#count(entryBytes(message));
    this.#waiting.push(entry);
    this.#pump();
  }

  /** A receiver has come: everything unacknowledged is sent (again), oldest first. */
  attach(transport: Transport): void {
    this.#transport = transport;
    this.offlineSince = 0;
    this.#paused = false;
    this.#inflight = 0;
    this.#head = 0;
    this.#waiting = [...this.#entries];
    for (const entry of this.#waiting) if (entry.state === 'sent') entry.state = 'waiting';
    this.#pump();
  }

  detach(transport: Transport, at: number): void {
    if (this.#transport !== transport) return;
    this.#transport = null;
    this.offlineSince = at;
  }

  /** PUBACK or PUBCOMP: the message is done with. false for an identifier that nothing was sent under. */
  acknowledge(messageId: number): boolean {
    const entry = this.#byMessageId.get(messageId);
    if (entry === undefined) return false;
    this.#forget(entry);
    if (entry.state !== 'waiting') this.#inflight -= 1;
    this.#pump();
    return true;
  }

  /** PUBREC: calls back once it is on disk that only the PUBREL is missing. */
  receive(messageId: number, done: (error: Error | null) => void): void {
    const entry = this.#byMessageId.get(messageId);
    if (entry === undefined) return done(null);
    entry.state = 'released';
    if (!entry.message.stored) return done(null);
    this.#note(entry, true);
    this.#journal.committed(done);
  }

  /** Forgets every queued message. */
  clear(): void {
    for (const entry of this.#entries) this.#forget(entry);
    this.#waiting = [];
    this.#head = 0;
  }

  #pump(): void {
    const transport = this.#transport;
    if (transport === null || this.#paused) return;
    while (this.#head < this.#waiting.length && this.#inflight < this.#maxInflight) {
      if (!transport.hasRoom()) {
        this.#paused = true;
        transport.onRoom(() => {
          if (this.#transport !== transport) return;
          this.#paused = false;
          this.#pump();
        });
        return;
      }
      const entry = this.#waiting[this.#head];
      this.#head += 1;
      if (entry !== undefined && this.#entries.has(entry)) this.#send(entry, transport);
    }
    if (this.#head === this.#waiting.length) this.#waiting.length = 0;
    else if (this.#head > 1000) this.#waiting.splice(0, this.#head);
    else return;
    this.#head = 0;
  }

  #send(entry: Entry, transport: Transport): void {
    this.#inflight += 1;
    if (entry.state === 'released') return transport.release(entry.messageId);
    entry.state = 'sent';
    if (entry.messageId === 0) {
      entry.messageId = this.#freeMessageId();
      this.#byMessageId.set(entry.messageId, entry);
      if (entry.qos === 2 && entry.message.stored) {
        // The receiver tells a repetition by the identifier: it must be the same after a crash.
        this.#note(entry, false);
        this.#journal.committed((error) => {
          if (error === null && this.#transport === transport) this.#transmit(entry, transport);
        });
        return;
      }
    }
    this.#transmit(entry, transport);
  }

  #transmit(entry: Entry, transport: Transport): void {
    transport.send(entry);
    entry.dup = true;
  }

  #note({ message, messageId }: Entry, released: boolean): void {
    this.#journal.write({ kind: 'sent', message: message.id, session: this.id, messageId, released });
  }

  #freeMessageId(): number {
    do {
      this.#nextMessageId = (this.#nextMessageId % MAX_MESSAGE_ID) + 1;
    } while (this.#byMessageId.has(this.#nextMessageId));
    return this.#nextMessageId;
  }

  #forget(entry: Entry): void {
    const { message } = entry;
    this.#entries.delete(entry);
    if (entry.messageId !== 0) this.#byMessageId.delete(entry.messageId);
    this.#count(-entryBytes(message));
    message.holders -= 1;
    if (message.stored) {
      this.#journal.write({ kind: 'done', message: message.id, session: this.id, last: message.holders === 0 });
    }
  }

  #count(change: number): void {
    this.bytes += change;
    this.#onBytes(change);
  }
}
