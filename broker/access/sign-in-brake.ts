/** Failures of one address (any user) that cost nothing: several machines may stand behind it. */
const FREE_PER_ADDRESS = 10;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5000;
const FORGOTTEN_AFTER_MS = 300_000;
const KEPT = 10_000;

type Failures = { count: number; at: number; freeAt: number };

/**
 * Slows guessing down: after a failure the next attempt of the same user from the same address waits, twice as long each
 * time up to 5 s, and so does any attempt of an address with more than ten failures. Attempts that would have to wait longer
 * than that, because many are made at once, are refused unchecked.
 */
export class SignInBrake {
  readonly #failures = new Map<string, Failures>();

  /** ms to wait before the password is looked at; null = too many attempts, do not look at it. */
  delay(username: string, host: string, at: number): number | null {
    let wait = 0;
    for (const key of [host, `${host}|${username}`]) {
      const before = this.#failures.get(key);
      const pace = before === undefined ? 0 : paceOf(key === host ? before.count - FREE_PER_ADDRESS : before.count);
      if (before === undefined || pace === 0 || at - before.at > FORGOTTEN_AFTER_MS) continue;
      before.freeAt = Math.max(before.freeAt, at) + pace;
      wait = Math.max(wait, before.freeAt - at);
    }
    return wait > 2 * LONGEST_DELAY_MS ? null : Math.min(wait, LONGEST_DELAY_MS);
  }

  failed(username: string, host: string, at: number): void {
    if (this.#failures.size >= KEPT) this.#failures.clear();
    for (const key of [host, `${host}|${username}`]) {
      const before = this.#failures.get(key);
      if (before === undefined || at - before.at > FORGOTTEN_AFTER_MS)
        this.#failures.set(key, { count: 1, at, freeAt: at });
      else Object.assign(before, { count: before.count + 1, at });
    }
  }

  succeeded(username: string, host: string): void {
    this.#failures.delete(`${host}|${username}`);
  }
}

function paceOf(failures: number): number {
  return failures <= 0 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
}
