import { appendFile, stat } from 'node:fs/promises';
import type { Logger } from '../../../broker/contract/deps.ts';
import { describeError } from '../../../broker/contract/error.ts';
import type { InfluxSection } from '../../config.ts';
import type { MetricSink, StoreBatch } from '../metric-store.ts';
import { connectInflux, type InfluxWriter } from './influx-writer.ts';
import { toLines, type SiteTags } from './line-batch.ts';
import { LineQueue } from './line-queue.ts';

export type InfluxSinkOptions = SiteTags & {
  /** Queue file; refused lines go to `<file>.refused.jsonl` beside it. */
  readonly file: string;
  readonly log: Logger;
  readonly now: () => number;
};

const BATCH_LINES = 5000;
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 60_000;
const REFUSED_FILE_BYTES = 10 * 1_048_576;
const DRAIN_MS = 2000;

/** Opens the sink. It comes up whether or not InfluxDB is there; what is not acknowledged waits in the durable queue. */
export function openInfluxSink(section: InfluxSection, options: InfluxSinkOptions): Promise<MetricSink> {
  const queue = new LineQueue(options.file, section.queueMegabytes * 1_048_576);
  return Promise.resolve(new InfluxSink(section, options, queue));
}

class InfluxSink implements MetricSink {
  readonly #section: InfluxSection;
  readonly #options: InfluxSinkOptions;
  readonly #queue: LineQueue;
  readonly #stop = new AbortController();
  readonly #sending: Promise<void>;
  #writer: InfluxWriter | null = null;
  #wake: () => void = () => undefined;
  #sent = 0;
  #refused = 0;
  #dropped = 0;
  #failures = 0;
  #error: { message: string; remedy: string; since: number } | null = null;

  constructor(section: InfluxSection, options: InfluxSinkOptions, queue: LineQueue) {
    this.#section = section;
    this.#options = options;
    this.#queue = queue;
    this.#sending = this.#run();
  }

  write(batch: Pick<StoreBatch, 'windows' | 'scores'>): Promise<void> {
    const lines = toLines(batch, this.#options);
    for (let at = 0; at < lines.length; at += BATCH_LINES)
      this.#dropped += this.#queue.push(lines.slice(at, at + BATCH_LINES));
    this.#wake();
    return Promise.resolve();
  }

  status(): ReturnType<MetricSink['status']> {
    return {
      queued: this.#queue.length,
      sent: this.#sent,
      refused: this.#refused,
      dropped: this.#dropped,
      error: this.#error,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const drained = async (): Promise<void> => {
      while (this.#error === null && this.#queue.length > 0) await this.#pause(20);
    };
    await Promise.race([drained(), this.#pause(DRAIN_MS)]);
    this.#stop.abort();
    this.#wake();
    await this.#sending;
    this.#queue.close();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const blocks = this.#queue.peek(BATCH_LINES);
      if (blocks.length === 0) {
        await this.#idle();
        continue;
      }
      const delay = await this.#send(blocks.flatMap((block) => block.lines));
      if (delay === null) for (const block of blocks) this.#queue.remove(block.id);
      else await this.#pause(delay);
    }
  }

  /** Writes lines, isolating those the server refuses. @returns null when done with all of them, otherwise the wait in ms before the next try. */
  async #send(lines: readonly string[]): Promise<number | null> {
    try {
      this.#writer ??= await connectInflux(this.#section);
    } catch (error) {
      return this.#failed(
        `InfluxDB ${this.#section.url} cannot be reached: ${describeError(error)}`,
        'check that it runs and scoring.influx.url is right; points wait in the queue',
        0,
      );
    }
    const outcome = await this.#writer.write(lines);
    switch (outcome.kind) {
      case 'written':
        this.#sent += lines.length;
        this.#failures = 0;
        this.#error = null;
        return null;
      case 'later':
        return this.#failed(outcome.reason, outcome.remedy, outcome.afterMs);
      case 'refused':
        if (lines.length === 1) return this.#putAside(lines[0] ?? '', outcome.reason);
        return this.#halves(lines);
      case 'too-large':
        if (lines.length === 1) return this.#putAside(lines[0] ?? '', 'larger than the server takes');
        return this.#halves(lines);
      default:
        return outcome satisfies never;
    }
  }

  async #halves(lines: readonly string[]): Promise<number | null> {
    const middle = Math.ceil(lines.length / 2);
    return (await this.#send(lines.slice(0, middle))) ?? (await this.#send(lines.slice(middle)));
  }

  async #putAside(line: string, reason: string): Promise<null> {
    this.#refused += 1;
    const file = `${this.#options.file}.refused.jsonl`;
    this.#options.log.warn({ reason, file }, 'InfluxDB refused a point; it was put aside');
    const { size } = await stat(file).catch(() => ({ size: 0 }));
    if (size < REFUSED_FILE_BYTES) {
      await appendFile(file, `${JSON.stringify({ at: this.#options.now(), reason, line })}\n`, { mode: 0o600 }).catch(
        () => undefined,
      );
    }
    return null;
  }

  #failed(message: string, remedy: string, afterMs: number): number {
    if (this.#error === null)
      this.#options.log.warn({ reason: message }, 'InfluxDB does not take points; they wait in the queue');
    this.#error = { message, remedy, since: this.#error?.since ?? this.#options.now() };
    this.#failures += 1;
    const backOff =
      Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(this.#failures - 1, 10)) * (0.5 + Math.random() / 2);
    return Math.max(afterMs, backOff);
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stop.signal.aborted) return resolve();
      const timer = setTimeout(resolve, ms);
      this.#stop.signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }
}
