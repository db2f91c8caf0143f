/**
 * Bounds what is taken from the broker and not yet in the store. Beyond it the next message is not acknowledged, so that
 * a store that is slow or away holds back the broker and not our memory.
 */
export class ReceiveWindow {
  readonly #capacity: number;
  readonly #onFull: () => void;
  #taken = 0;
  #stored = 0;
  #waiting: (() => void)[] = [];

  /** `capacity`: DataSetMessages. `onFull` is called each time somebody has to wait. */
  constructor(capacity: number, onFull: () => void) {
    this.#capacity = capacity;
    this.#onFull = onFull;
  }

  /** All that was ever taken: the mark to give `stored` once the store has it. */
  get taken(): number {
    return this.#taken;
  }

  /** Taken and not yet in the store. */
  get open(): number {
    return this.#taken - this.#stored;
  }

  take(count: number): void {
    this.#taken += count;
  }

  /** The store has everything up to this mark. */
  stored(mark: number): void {
    this.#stored = Math.max(this.#stored, mark);
    if (this.open >= this.#capacity) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const goOn of waiting) goOn();
  }

  /** null when there is room, otherwise resolves when there is. */
  room(): Promise<void> | null {
    if (this.open < this.#capacity) return null;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#onFull();
    });
  }
}
