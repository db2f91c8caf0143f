/** A queued message as it was on disk. */
export type StoredEntry = {
  readonly message: number;
  readonly session: string;
  readonly qos: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Packet identifier it was last sent under; 0 = never. */
  readonly messageId: number;
  /** 1: the receiver has it and waits for PUBREL (QoS 2). */
  readonly released: number;
};

/** Everything a broker knew when it last wrote. */
export type Stored = {
  readonly sessions: readonly { readonly id: string; readonly owner: string; readonly offlineSince: number }[];
  readonly subscriptions: readonly { readonly session: string; readonly filter: string; readonly qos: number }[];
  readonly entries: readonly StoredEntry[];
  readonly retained: readonly { readonly topic: string; readonly qos: number; readonly payload: Uint8Array }[];
  readonly incoming: readonly { readonly session: string; readonly messageId: number }[];
  readonly nextMessage: number;
};

export const nothingStored: Stored = {
  sessions: [],
  subscriptions: [],
  entries: [],
  retained: [],
  incoming: [],
  nextMessage: 1,
};

/** One change of what is stored; several are written in one transaction, in order. In a batch a payload is its length. */
export type Change<Payload = Uint8Array> =
  | { readonly kind: 'session'; readonly session: string; readonly owner: string; readonly offlineSince: number }
  | { readonly kind: 'session-gone'; readonly session: string }
  | { readonly kind: 'subscribe'; readonly session: string; readonly filter: string; readonly qos: number }
  | { readonly kind: 'unsubscribe'; readonly session: string; readonly filter: string }
  | {
      readonly kind: 'message';
      readonly message: number;
      readonly topic: string;
      readonly payload: Payload;
      readonly targets: readonly { readonly session: string; readonly qos: number }[];
    }
  | { readonly kind: 'done'; readonly message: number; readonly session: string; readonly last: boolean }
  | {
      readonly kind: 'sent';
      readonly message: number;
      readonly session: string;
      readonly messageId: number;
      readonly released: boolean;
    }
  | { readonly kind: 'retain'; readonly topic: string; readonly qos: number; readonly payload: Payload }
  | { readonly kind: 'incoming'; readonly session: string; readonly messageId: number }
  | { readonly kind: 'incoming-done'; readonly session: string; readonly messageId: number };

/** Where sessions, queues and retained messages outlive the process. */
export interface Journal extends AsyncDisposable {
  readonly stored: Stored;
  /** Takes a change for the next transaction. An empty retained payload removes the topic. */
  write(change: Change): void;
  /** Calls back once everything written so far is on disk, or with the error why it is not; then those messages are not stored. */
  committed(done: (error: Error | null) => void): void;
}

/** Keeps nothing, for a broker whose sessions may die with it. */
export function memoryJournal(): Journal {
  return {
    stored: nothingStored,
    write: () => undefined,
    committed: (done) => done(null),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
