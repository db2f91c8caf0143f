import type { OutboxMessage, OutboxRecord } from './outbox.ts';

/** Payload bytes kept at most. */
const CAPACITY_BYTES = 16 * 1_048_576;

/** The newest records of the log in memory, so that a publisher that keeps up need not read them back from disk. */
export class OutboxTail {
  #records: OutboxRecord[] = [];
  #begin = 0;
  #bytes = 0;
  #lastId = Number.POSITIVE_INFINITY;

  /** `lastId`: id of the last of these messages. */
  add(messages: readonly OutboxMessage[], lastId: number): void {
    messages.forEach((message, index) => {
      this.#records.push({ ...message, id: lastId - messages.length + 1 + index });
      this.#bytes += message.payload.byteLength;
    });
    this.#lastId = lastId;
    while (this.#bytes > CAPACITY_BYTES && this.#begin < this.#records.length) this.#drop();
    this.#compact();
  }

  /** The records behind `afterId`, or null when the tail does not reach back so far. */
  read(afterId: number, limit: number): readonly OutboxRecord[] | null {
    if (afterId >= this.#lastId) return [];
    const first = this.#records[this.#begin];
    if (first === undefined || first.id > afterId + 1) return null;
    const begin = this.#begin + Math.max(0, afterId + 1 - first.id);
    return this.#records.slice(begin, begin + limit);
  }

  /** Records up to this one are not read again, but for a resend, which reads the disk. */
  forget(id: number): void {
    while ((this.#records[this.#begin]?.id ?? Number.POSITIVE_INFINITY) <= id) this.#drop();
    this.#compact();
  }

  #drop(): void {
    this.#bytes -= this.#records[this.#begin]?.payload.byteLength ?? 0;
    this.#begin += 1;
  }

  #compact(): void {
    if (this.#begin < 1024 && this.#begin < this.#records.length) return;
    this.#records = this.#records.slice(this.#begin);
    this.#begin = 0;
  }
}
