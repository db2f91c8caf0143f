import type { InfluxSection } from '../../config.ts';
import { describeCause, displayUrl, InfluxClient } from './influx-client.ts';
import { writePath } from './server.ts';
import { judge, type WriteOutcome } from './write-outcome.ts';

/**
 * Sends batches of line protocol to one InfluxDB. Nothing is kept or repeated here: what the server has not acknowledged
 * is the caller's to keep.
 */
export class InfluxWriter {
  readonly #client: InfluxClient;
  readonly #now: () => number;

  constructor(section: InfluxSection, now: () => number) {
    this.#client = new InfluxClient(section);
    this.#now = now;
  }

  /** Version the server says it is, e.g. 1.6.7; null before it was reached. */
  get version(): string | null {
    return this.#client.met?.version ?? null;
  }

  /** Writes lines of ms precision in one text, packed where `gzip` says so. Never throws. */
  async write(text: string): Promise<WriteOutcome> {
    const { section } = this.#client;
    try {
      const server = await this.#client.server();
      const content = { body: text, type: 'text/plain; charset=utf-8', gzip: true };
      const answer = await this.#client.ask('POST', writePath(section, server), content);
      if (answer.status === 404) this.#client.forget();
      return judge(answer, { section, now: this.#now(), hint: server.hint, text });
    } catch (error) {
      this.#client.hangUp();
      return {
        kind: 'later',
        reason: `InfluxDB ${displayUrl(section)} cannot be reached: ${describeCause(error)}`,
        remedy: 'check that it runs and that scoring.influx.url is right; points wait in the queue',
        afterMs: 0,
      };
    }
  }

  /** Ends what is under way and refuses what comes; the outcome of both is "later". */
  close(): void {
    this.#client.close();
  }
}
