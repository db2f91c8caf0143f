import { createHash } from 'node:crypto';

const LEAST_BYTES = 32;
const MAX_REMEMBERED = 1000;

/** Remembers the nonces a server gave, so that a short, constant or repeated one is noticed (OPC 10000-4, 5.7.2). */
export class NonceMemory {
  readonly #seen = new Set<string>();

  /** What is wrong with this nonce, or null; it is remembered. */
  objection(nonce: Buffer | null | undefined, service: string, leastBytes = LEAST_BYTES): string | null {
    if (nonce === null || nonce === undefined || nonce.length < leastBytes) {
      return `its nonce in the ${service} answer has ${nonce?.length ?? 0} bytes, less than ${leastBytes}`;
    }
    if (nonce.every((byte) => byte === nonce[0]))
      return `its nonce in the ${service} answer is ${nonce.length} equal bytes`;
    const digest = createHash('sha256').update(nonce).digest('base64');
    if (this.#seen.has(digest)) return `its nonce in the ${service} answer was used before`;
    this.#seen.add(digest);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= MAX_REMEMBERED) break;
      this.#seen.delete(oldest);
    }
    return null;
  }
}
