import type { ValueBatch } from '../tags/value-batch.ts';
import type { WorkerMessage } from './protocol.ts';

/** Values held back while it is not known whether they belong to the tags they claim. */
const HELD_BATCHES = 2000;

/** Sends batches of values to the gateway, numbered over the life of the worker, and holds them back while in doubt. */
export class BatchSender {
  readonly #say: (message: WorkerMessage) => void;
  #number = 0;
  #wrong: ReadonlyMap<number, unknown> = new Map();
  #held: Extract<WorkerMessage, { kind: 'values' }>[] | null = null;

  constructor(say: (message: WorkerMessage) => void) {
    this.#say = say;
  }

  /** @returns the number of the batch. */
  send(batch: ValueBatch, publishedAt: number): number {
    this.#number += 1;
    const message = { kind: 'values', batch, publishedAt, number: this.#number } as const;
    if (this.#held === null) this.#say({ ...message, batch: without(batch, this.#wrong) });
    else if (this.#held.length < HELD_BATCHES) this.#held.push(message);
    else this.#say({ kind: 'lost', count: batch.handles.length });
    return this.#number;
  }

  /** From now on values wait. */
  quarantine(): void {
    this.#held ??= [];
  }

  /**
   * Sends what has waited, without the values of tags that have been found to be something else; from now on theirs are
   * left out. @param wrong handles of these tags
   */
  release(wrong: ReadonlyMap<number, unknown>): void {
    this.#wrong = wrong;
    const held = this.#held ?? [];
    this.#held = null;
    for (const message of held) this.#say({ ...message, batch: without(message.batch, wrong) });
  }
}

function without(batch: ValueBatch, wrong: ReadonlyMap<number, unknown>): ValueBatch {
  if (wrong.size === 0) return batch;
  // Handle 0 belongs to no tag.
  return { ...batch, handles: batch.handles.map((handle) => (wrong.has(handle) ? 0 : handle)) };
}
