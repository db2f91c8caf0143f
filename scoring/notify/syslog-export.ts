import { readFile, rename, writeFile } from 'node:fs/promises';
import { describeError } from '../../broker/contract/error.ts';
import { sendRecords, type SyslogTarget } from './syslog-sender.ts';

const RETRY_MS = 5000;
const BATCH = 100;

export type SyslogExportOptions = {
  readonly target: SyslogTarget;
  /** Where waiting records are kept over a restart. */
  readonly file: string;
  /** Most records that wait; then the oldest go. */
  readonly most: number;
  readonly retryMs?: number;
  /** Told after every try: null when it worked, else the reason; `dropped`: records lost for want of room so far. */
  readonly onTry: (failure: string | null, dropped: number) => void;
};

/**
 * Sends records to a syslog receiver, in order and at least once: a record leaves the durable queue after it was
 * handed over. Waits and tries again for ever; what does not fit into the queue is counted.
 */
export class SyslogExport implements AsyncDisposable {
  readonly #options: SyslogExportOptions;
  #waiting: string[];
  #dropped = 0;
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> | null = null;
  #saving: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(options: SyslogExportOptions, waiting: string[]) {
    this.#options = options;
    this.#waiting = waiting;
  }

  /** Goes on with what waited at the last stop; a damaged file counts as empty. */
  static async open(options: SyslogExportOptions): Promise<SyslogExport> {
    const kept: unknown = await readFile(options.file, 'utf8')
      .then((text): unknown => JSON.parse(text))
      .catch(() => []);
    const waiting = Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [];
    const opened = new SyslogExport(options, waiting);
    opened.#wake(0);
    return opened;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when the record is in the durable queue. */
  add(record: string): Promise<void> {
    this.#waiting.push(record);
    const excess = this.#waiting.length - this.#options.most;
    if (excess > 0) {
      this.#waiting.splice(0, excess);
      this.#dropped += excess;
    }
    const saved = this.#save();
    this.#wake(0);
    return saved;
  }

  /** Stops sending; what waits is on disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#working;
    await this.#save();
  }

  #wake(delay: number): void {
    if (this.#closed || this.#timer !== null || this.#working !== null || this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#working = this.#send().then((again) => {
        this.#working = null;
        this.#wake(again);
      });
    }, delay);
    this.#timer.unref();
  }

  /** One batch; gives the time to wait before the next. */
  async #send(): Promise<number> {
    const { target, onTry, retryMs = RETRY_MS } = this.#options;
    const batch = this.#waiting.slice(0, BATCH);
    const droppedBefore = this.#dropped;
    try {
      await sendRecords(target, batch);
      this.#waiting.splice(0, Math.max(0, batch.length - (this.#dropped - droppedBefore)));
      await this.#save();
      onTry(null, this.#dropped);
      return 0;
    } catch (error) {
      onTry(describeError(error), this.#dropped);
      return retryMs;
    }
  }

  #save(): Promise<void> {
    const { file } = this.#options;
    const mine = this.#saving.then(async () => {
      await writeFile(`${file}.new`, JSON.stringify(this.#waiting), { mode: 0o600, flush: true });
      await rename(`${file}.new`, file);
    });
    this.#saving = mine.catch(() => undefined);
    return mine;
  }
}
