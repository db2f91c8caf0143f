/** An encoded network message of one DataSetWriter, as handed to the outbox. */
export type OutboxMessage = {
  readonly writerId: number;
  /** First and last sequence number of its DataSetMessages. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly topic: string;
  /** UTF-8. */
  readonly payload: Uint8Array;
};

/** A message with its place in the log. */
export type OutboxRecord = OutboxMessage & { readonly id: number };

export type Appended = {
  /** Id of the last message; those before it count down from there. */
  readonly lastId: number;
  /** Old records that had to go for them. */
  readonly dropped: number;
};

export type OutboxState = {
  /** Last sequence number per writer id that was ever appended. */
  readonly sequences: ReadonlyMap<number, number>;
  /** Everything up to this record was acknowledged by the broker. */
  readonly sentId: number;
  /** The last note of each writer that has one. */
  readonly notes: ReadonlyMap<number, string>;
  readonly depth: number;
  readonly bytes: number;
  /** How much of its bounds (bytes, age) is used: 1 = the next record makes the oldest go. */
  readonly fill: number;
  /** Messages lost in this run to damage of the file; the rest of the log goes on. */
  readonly damaged: number;
};

/** What a writer has behind a position. */
export type Backlog = {
  readonly writerId: number;
  readonly count: number;
  readonly firstSequence: number;
  /** Id of its newest record. */
  readonly lastId: number;
};

/**
 * Durable log between the machine and the broker. A record leaves it only when every required consumer has committed it (or,
 * with none required, when the broker has acknowledged it), or when a bound of bytes or age is reached: then the oldest goes, counted. A record that was damaged on disk is never handed out.
 */
export interface Outbox extends AsyncDisposable {
  /** Number of the writer of an equipment, the same for ever. */
  writerId(equipmentPath: string): Promise<number>;
  /**
   * Resolves once the messages are on disk, in this order, and with them, in the same commit, the `notes` of their writers (texts
   * that `state` gives back; a later one of a writer replaces the one before).
   */
  append(messages: readonly OutboxMessage[], notes?: ReadonlyMap<number, string>): Promise<Appended>;
  /** Oldest first, at most `limit` records behind `afterId`. */
  read(afterId: number, limit: number): Promise<readonly OutboxRecord[]>;
  /** Records of one writer that end behind a sequence number, oldest first. */
  readWriter(writerId: number, afterSequence: number, limit: number): Promise<readonly OutboxRecord[]>;
  /** Per writer what lies behind a record id. */
  backlog(afterId: number): Promise<readonly Backlog[]>;
  /** The broker has everything up to this record. */
  markSent(id: number): Promise<void>;
  /** A consumer's store holds everything up to these sequence numbers; numbers only move forward, never past what was handed out for sending. */
  commit(consumer: string, writers: Readonly<Record<string, number>>): Promise<void>;
  /** Id before the oldest record that holds something behind these numbers; writers that are not named count from 0. */
  positionBefore(writers: Readonly<Record<string, number>>): Promise<number>;
  state(): Promise<OutboxState>;
}
