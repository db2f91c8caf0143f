import { appendFile, rename, stat } from 'node:fs/promises';
import type { Logger } from '../../../broker/contract/deps.ts';
import { describeError } from '../../../broker/contract/error.ts';

const FILE_BYTES = 10 * 1_048_576;
const TOLD_MS = 60_000;

/** Points that were refused for good, one JSON line each with the reason. Two files of bounded size: the newer and the one before. */
export class DeadLetter {
  readonly #file: string;
  readonly #log: Logger;
  readonly #now: () => number;
  #toldAt = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(file: string, { log, now }: { readonly log: Logger; readonly now: () => number }) {
    this.#file = file;
    this.#log = log;
    this.#now = now;
  }

  /** Never rejects: what cannot be put aside is at least named in the log. */
  async add(points: readonly { readonly point: string; readonly reason: string }[]): Promise<void> {
    const at = this.#now();
    const text = points.map(({ point, reason }) => `${JSON.stringify({ at, reason, point })}\n`).join('');
    try {
      const { size } = await stat(this.#file).catch(() => ({ size: 0 }));
      if (size > FILE_BYTES) await rename(this.#file, `${this.#file}.1`);
      await appendFile(this.#file, text, { mode: 0o600 });
    } catch (error) {
      this.#log.error({ file: this.#file, err: describeError(error), text }, 'refused points could not be put aside');
      return;
    }
    this.#untold += points.length;
    if (at - this.#toldAt < TOLD_MS) return;
    this.#log.warn(
      { count: this.#untold, reason: points[0]?.reason, file: this.#file },
      'points for InfluxDB were refused and put aside',
    );
    this.#toldAt = at;
    this.#untold = 0;
  }
}
