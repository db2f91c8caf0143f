import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../../broker/contract/deps.ts';
import { describeError } from '../../../broker/contract/error.ts';
import type { InfluxSection } from '../../config.ts';
import type { MetricSink, SinkPoint, StoreBatch } from '../metric-store.ts';
import { DeadLetter } from './dead-letter.ts';
import { displayUrl } from './influx-client.ts';
import { InfluxWriter } from './influx-writer.ts';
import { toLines, type LineBatch, type SiteTags } from './line-batch.ts';
import { pointLines } from './point-lines.ts';
import { LineQueue, type QueuedBlock } from './line-queue.ts';
import type { WriteOutcome } from './write-outcome.ts';

export type InfluxSinkOptions = SiteTags & {
  /** Queue file; refused points go to `<file>.refused.jsonl` beside it. */
  readonly file: string;
  readonly log: Logger;
  readonly now: () => number;
  /** In [0,1); spreads the tries of many sinks. */
  readonly random?: () => number;
  /** Shortest and longest wait between two tries, ms. */
  readonly retryMs?: { readonly first: number; readonly longest: number };
};

type SinkError = NonNullable<ReturnType<MetricSink['status']>['error']>;
type Lines = readonly string[];
/** Lines in one text. */
type Part = { readonly text: string; readonly count: number };

const BATCH_LINES = 5000;
const DRAIN_MS = 2000;
/** Lines kept in memory while the queue file cannot be written. */
const HELD_LINES = 100_000;
/** So many single points refused in a row for no reason of their own: the request is at fault, not they. */
const SUSPICIOUS_REFUSALS = 20;
/** Of more lines than this that an answer names, halving is quicker. */
const NAMED_AT_ONCE = 20;

/**
 * Opens the sink. It comes up whether or not InfluxDB is there: points go to a durable queue and leave it when the server
 * has acknowledged them. Every changed row is written again under the same series and time, which replaces the point, so
 * sending twice is harmless.
 * @throws JoulegateError STORE_FAILED when the queue file cannot be opened.
 */
export async function openInfluxSink(section: InfluxSection, options: InfluxSinkOptions): Promise<MetricSink> {
  const queue = LineQueue.open(options.file, {
    maxBytes: section.queueMegabytes * 1_048_576,
    onDamaged: (aside, reason) =>
      options.log.error({ file: options.file, aside, reason }, 'queue file was damaged; it was moved aside'),
  });
  return new InfluxSink(section, options, queue);
}

class InfluxSink implements MetricSink {
  readonly #section: InfluxSection;
  readonly #options: InfluxSinkOptions;
  readonly #queue: LineQueue;
  readonly #deadLetter: DeadLetter;
  readonly #writer: InfluxWriter;
  readonly #stop = new AbortController();
  readonly #sending: Promise<void>;
  #wake: () => void = () => undefined;
  #drained: () => void = () => undefined;
  #held: Lines = [];
  #sent = 0;
  #refused = 0;
  #dropped = 0;
  #failures = 0;
  #refusedInRow = 0;
  #serverError: SinkError | null = null;
  #queueError: SinkError | null = null;

  constructor(section: InfluxSection, options: InfluxSinkOptions, queue: LineQueue) {
    this.#section = section;
    this.#options = options;
    this.#queue = queue;
    this.#deadLetter = new DeadLetter(`${options.file}.refused.jsonl`, options);
    this.#writer = new InfluxWriter(section, options.now);
    this.#sending = this.#run();
  }

  /**
   * Never rejects, so that trouble with InfluxDB does not hold up the store: while the queue file cannot be written, points
   * wait in memory up to a limit, and `status` says so.
   */
  async write(batch: Pick<StoreBatch, 'windows' | 'scores'>): Promise<void> {
    await this.#take(toLines(batch, { ...this.#options, now: this.#options.now() }));
  }

  async note(points: readonly SinkPoint[]): Promise<void> {
    await this.#take(pointLines(points, { ...this.#options, now: this.#options.now() }));
  }

  async #take({ lines, refused }: LineBatch): Promise<void> {
    this.#enqueue(lines);
    this.#wake();
    await this.#putAside(refused.map(({ row, reason }) => ({ point: JSON.stringify(row), reason })));
  }

  status(): ReturnType<MetricSink['status']> {
    return {
      queued: this.#queue.length + this.#held.length,
      sent: this.#sent,
      refused: this.#refused,
      dropped: this.#dropped,
      error: this.#queueError ?? this.#serverError,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return this.#sending;
    this.#enqueue([]);
    if (this.#serverError === null && this.#queue.length > 0) {
      const drained = new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      await Promise.race([drained, this.#pause(DRAIN_MS)]);
    }
    this.#stop.abort();
    this.#wake();
    this.#writer.close();
    await this.#sending;
    this.#queue.close();
    if (this.#held.length > 0) this.#drop(this.#held.length, 'the queue file could not be written until the end');
  }

  #enqueue(lines: Lines): void {
    const waiting = this.#held.length === 0 ? lines : [...this.#held, ...lines];
    if (waiting.length === 0) return;
    const blocks: Lines[] = [];
    for (let at = 0; at < waiting.length; at += BATCH_LINES) blocks.push(waiting.slice(at, at + BATCH_LINES));
    try {
      const dropped = this.#queue.push(blocks);
      this.#held = [];
      this.#queueError = null;
      if (dropped > 0) this.#drop(dropped, 'the queue is full');
    } catch (error) {
      this.#held = waiting.slice(-HELD_LINES);
      if (waiting.length > HELD_LINES) this.#drop(waiting.length - HELD_LINES, 'the queue file cannot be written');
      this.#queueFailed(error);
    }
  }

  /** Sends block after block in order; what the server has taken is removed while the next batch is on its way. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let taken = 0;
    let ready: QueuedBlock[] = [];
    const remove = (): void => {
      if (taken > 0) this.#queue.removeTo(taken);
      taken = 0;
    };
    while (!signal.aborted) {
      let delivery: Promise<boolean> = Promise.resolve(false);
      try {
        const blocks = ready.length > 0 ? ready : this.#queue.peek(BATCH_LINES, taken);
        const last = blocks.at(-1);
        ready = [];
        if (last === undefined) {
          remove();
          this.#drained();
          await this.#idle();
          continue;
        }
        delivery = this.#deliver(blocks);
        remove();
        ready = this.#queue.peek(BATCH_LINES, last.id);
        if (await delivery) taken = last.id;
        else ready = [];
      } catch (error) {
        await delivery;
        ready = [];
        this.#queueFailed(error);
        await this.#pause(this.#backOff());
      }
    }
    try {
      remove();
    } catch (error) {
      this.#queueFailed(error);
    }
  }

  /**
   * Sends until the server has taken or refused every line; of a part it refuses, lines that it names are tried alone
   * between the others, and without names it is halved until the lines at fault stand alone. @returns false when stopped before.
   */
  async #deliver(blocks: readonly QueuedBlock[]): Promise<boolean> {
    const count = blocks.reduce((sum, block) => sum + block.count, 0);
    const parts: Part[] = [{ text: blocks.map(({ text }) => text).join('\n'), count }];
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      if (this.#stop.signal.aborted) return false;
      const wait = await this.#settle(part, await this.#writer.write(part.text), parts);
      if (wait === null) continue;
      parts.push(part);
      await this.#pause(wait);
    }
    return true;
  }

  /** @returns null when done with the part (or its halves are in `parts`), otherwise ms to wait before it is sent again. */
  async #settle(part: Part, outcome: WriteOutcome, parts: Part[]): Promise<number | null> {
    switch (outcome.kind) {
      case 'written':
        this.#sent += part.count;
        this.#refusedInRow = 0;
        this.#answered();
        return null;
      case 'later':
        if (this.#stop.signal.aborted) return 0;
        return this.#failed(outcome.reason, outcome.remedy, outcome.afterMs);
      case 'expired':
        this.#sent += part.count - outcome.points;
        this.#refused += outcome.points;
        await this.#deadLetter.add([{ ...outcome, point: `${outcome.points} of ${part.count} points` }]);
        this.#answered();
        return null;
      case 'refused':
        return this.#settleRefusal(part, outcome, parts);
      case 'too-large':
        return this.#settleRefusal(part, { ...outcome, scope: 'line', points: null, lines: [] }, parts);
      default:
        return outcome satisfies never;
    }
  }

  async #settleRefusal(
    part: Part,
    { reason, scope, points, lines }: Pick<WriteOutcome & { kind: 'refused' }, 'reason' | 'scope' | 'points' | 'lines'>,
    parts: Part[],
  ): Promise<number | null> {
    const allOfThem = part.count === 1 || (points !== null && points >= part.count);
    const all = part.text.split('\n');
    if (!allOfThem && lines.length > 0 && lines.length <= NAMED_AT_ONCE) {
      parts.push(...around(all, lines).toReversed());
      return null;
    }
    if (!allOfThem) {
      const middle = Math.ceil(part.count / 2);
      parts.push(partOf(all.slice(middle)), partOf(all.slice(0, middle)));
      return null;
    }
    if (scope === 'unknown' && this.#refusedInRow >= SUSPICIOUS_REFUSALS) {
      const remedy =
        'the server refuses every point: check scoring.influx url, org and database; points wait in the queue';
      return this.#failed(reason, remedy, 0);
    }
    this.#refusedInRow += 1;
    await this.#putAside(all.map((point) => ({ reason, point })));
    this.#answered();
    return null;
  }

  async #putAside(points: readonly { readonly point: string; readonly reason: string }[]): Promise<void> {
    if (points.length === 0) return;
    this.#refused += points.length;
    await this.#deadLetter.add(points);
  }

  #drop(lines: number, reason: string): void {
    if (this.#dropped === 0)
      this.#options.log.error({ lines, reason }, 'points for InfluxDB were dropped; the embedded store has their rows');
    this.#dropped += lines;
  }

  #answered(): void {
    if (this.#serverError !== null) {
      const { since } = this.#serverError;
      const { version } = this.#writer;
      this.#options.log.info({ tries: this.#failures, since, version }, 'InfluxDB takes points again');
    }
    this.#failures = 0;
    this.#serverError = null;
  }

  #failed(message: string, remedy: string, afterMs: number): number {
    if (this.#serverError?.remedy !== remedy) {
      const fields = { url: displayUrl(this.#section), reason: message, remedy };
      this.#options.log.warn(fields, 'InfluxDB does not take points');
    }
    this.#serverError = { message, remedy, since: this.#serverError?.since ?? this.#options.now() };
    return Math.max(afterMs, this.#backOff());
  }

  #queueFailed(error: unknown): void {
    const message = `queue ${this.#options.file} cannot be used: ${describeError(error)}`;
    if (this.#queueError === null) this.#options.log.error({ reason: message }, 'queue for InfluxDB fails');
    this.#queueError = {
      message,
      remedy: 'free disk space and check permissions; points wait in memory until then',
      since: this.#queueError?.since ?? this.#options.now(),
    };
  }

  /** Doubling with jitter over half of the wait. */
  #backOff(): number {
    const { first, longest } = this.#options.retryMs ?? { first: 1000, longest: 60_000 };
    const wait = Math.min(longest, first * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    return wait * (0.5 + (this.#options.random ?? Math.random)() / 2);
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#stop.signal.aborted) resolve();
    });
  }

  /** Ends early, without an error, when the sink stops. */
  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

const partOf = (lines: Lines): Part => ({ text: lines.join('\n'), count: lines.length });

/** Cuts lines so that those of these indices stand alone. Order is kept: of one point the newest line has to come last. */
function around(all: Lines, lines: readonly number[]): Part[] {
  const pieces: Lines[] = [];
  let from = 0;
  for (const at of lines) {
    pieces.push(all.slice(from, at), all.slice(at, at + 1));
    from = at + 1;
  }
  return [...pieces, all.slice(from)].filter((piece) => piece.length > 0).map(partOf);
}
