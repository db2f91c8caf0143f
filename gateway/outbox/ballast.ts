import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** Enough for the write-ahead log of a trim. */
const BALLAST_BYTES = 4 * 1_048_576;
/** After it had to go it is tried again this often. */
const RETRY_MS = 60_000;

/**
 * A file of nothing beside the log. On a full disk SQLite cannot even delete: then the ballast goes first, so that what
 * consumers have committed can leave and make room.
 */
export class Ballast {
  readonly #file: string;
  #triedAt = Number.NEGATIVE_INFINITY;

  constructor(file: string) {
    this.#file = file;
  }

  /** Puts it there when it is missing and the disk has room. `now`: any clock in ms. */
  load(now: number): void {
    if (now - this.#triedAt < RETRY_MS) return;
    this.#triedAt = now;
    if (existsSync(this.#file) && statSync(this.#file).size === BALLAST_BYTES) return;
    try {
      writeFileSync(this.#file, Buffer.alloc(BALLAST_BYTES, 1), { mode: 0o600 });
    } catch {
      rmSync(this.#file, { force: true });
    }
  }

  /** @returns whether there was something to throw off. */
  drop(): boolean {
    const had = existsSync(this.#file);
    rmSync(this.#file, { force: true });
    return had;
  }
}
