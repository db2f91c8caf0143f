/**
 * What of a writer is in the store, counted over all restarts. It is written in the same transaction as the rows, so that a
 * person can hold it against what the machine counted: numbers that are missing, or there twice, show.
 */
export type Receipt = {
  /** Values that are not null. */
  readonly values: number;
  /** Sum of the finite numbers among them. */
  readonly sum: number;
};

const NOTHING: Receipt = { values: 0, sum: 0 };

export class ReceiptBook {
  readonly #running = new Map<string, { values: number; sum: number }>();
  readonly #settled = new Map<string, Receipt>();

  /** Sets what an earlier run has stored. Text that is no receipt counts as nothing. */
  restore(writer: string, body: string): void {
    const { values, sum } = readReceipt(body);
    this.#running.set(writer, { values, sum });
    this.#settled.set(writer, { values, sum });
  }

  count(writer: string, value: unknown): void {
    if (value === null) return;
    let running = this.#running.get(writer);
    if (running === undefined) {
      running = { ...NOTHING };
      this.#running.set(writer, running);
    }
    running.values += 1;
    if (typeof value === 'number' && Number.isFinite(value)) running.sum += value;
  }

  /** Everything counted so far of this writer goes with the next commit. */
  settle(writer: string): void {
    this.#settled.set(writer, { ...(this.#running.get(writer) ?? NOTHING) });
  }

  /** By writer. */
  settled(): ReadonlyMap<string, Receipt> {
    return this.#settled;
  }
}

/** What a stored receipt says. */
export function readReceipt(body: string): Receipt {
  try {
    const { values, sum } = JSON.parse(body) as Partial<Receipt>;
    return { values: Number(values) || 0, sum: Number(sum) || 0 };
  } catch {
    return NOTHING;
  }
}
