import type { Logger } from '../broker/contract/deps.ts';
import { describeError } from '../broker/contract/error.ts';
import { topics } from '../broker/contract/topic.ts';
import type { ScoringCore } from './core.ts';
import type { Reader } from './ingest/reader.ts';
import type { ReceiveWindow } from './ingest/receive-window.ts';
import type { MessageStream } from './ingest/stream.ts';
import type { ProblemBook } from './problem-book.ts';

const FLUSH_MS = 1000;

export type FlusherDeps = {
  readonly reader: Reader;
  /** Name the commits are published under. */
  readonly consumer: string;
  readonly problems: ProblemBook;
  readonly log: Logger;
  readonly now: () => number;
  readonly window: ReceiveWindow;
};

/** Writes what changed once a second, then tells the gateways what the store holds. */
export class Flusher {
  readonly #timer: NodeJS.Timeout;
  readonly #core: ScoringCore;
  readonly #stream: MessageStream;
  readonly #deps: FlusherDeps;
  #running: Promise<void> | null = null;
  #committed = new Map<string, string>();

  constructor(core: ScoringCore, stream: MessageStream, deps: FlusherDeps) {
    this.#core = core;
    this.#stream = stream;
    this.#deps = deps;
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
  }

  flush(): Promise<void> {
    this.#running ??= this.#flush().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    await this.flush();
  }

  async #flush(): Promise<void> {
    const { problems, log, reader, consumer, now, window } = this.#deps;
    let mark = 0;
    let positions = new Map<string, ReadonlyMap<number, number>>();
    try {
      await this.#core.pipeline.flush(() => {
        mark = window.taken;
        positions = new Map([...this.#stream.positions()].map(([publisher, writers]) => [publisher, new Map(writers)]));
        const receipts = this.#stream.receipts.settled();
        return [...positions].flatMap(([publisher, writers]) =>
          [...writers].flatMap(([writer, sequence]) => [
            { name: `stream/${publisher}/${writer}`, body: String(sequence) },
            {
              name: `receipt/${publisher}/${writer}`,
              body: JSON.stringify(receipts.get(`${publisher}/${writer}`) ?? { values: 0, sum: 0 }),
            },
          ]),
        );
      });
      window.stored(mark);
      problems.clear('STORE_FAILED', 'store');
    } catch (error) {
      problems.raise({
        code: 'STORE_FAILED',
        severity: 'error',
        where: 'store',
        message: describeError(error),
        remedy: 'free disk space or repair the disk; nothing is lost while gateways keep their outbox',
      });
      log.error({ err: describeError(error) }, 'store could not be written');
      return;
    }
    for (const [publisher, writers] of positions) {
      const body = JSON.stringify(Object.fromEntries(writers));
      if (this.#committed.get(publisher) === body) continue;
      const sent = await reader
        .publish(
          topics.commit(publisher, consumer),
          { consumer, at: now(), writers: Object.fromEntries(writers) },
          true,
        )
        .then(
          () => true,
          () => false,
        );
      if (sent) this.#committed.set(publisher, body);
    }
  }
}
