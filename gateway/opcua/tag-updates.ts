import { describeError } from '../../broker/contract/error.ts';
import type { WorkerTag } from './protocol.ts';
import type { TagSession } from './tag-session.ts';

/** A change that fails so often is no matter of a line that broke in the middle of it. */
const TRIES = 3;
const PAUSE_MS = 1000;

/**
 * Changes the tags of a session, one change at a time and only the newest that is wanted. One that meets a session that begins or a
 * connection under repair waits for it, so that the tags that stay lose nothing; one that cannot be made ends the session.
 */
export class TagUpdates {
  readonly #run: TagSession;
  readonly #onChanged: () => void;
  #work: Promise<void>;
  #newest: readonly WorkerTag[] | null = null;

  /** `begun`: settles when the session has begun; `onChanged`: called after each change. */
  constructor(run: TagSession, begun: Promise<void>, onChanged: () => void) {
    this.#run = run;
    this.#onChanged = onChanged;
    this.#work = begun;
  }

  /** The tags shall be these. */
  add(tags: readonly WorkerTag[]): void {
    this.#newest = tags;
    this.#work = this.#work
      .then(() => this.#change(tags))
      .catch((error: unknown) => this.#run.fail(`tags not changed: ${describeError(error)}`));
  }

  async #change(tags: readonly WorkerTag[]): Promise<void> {
    for (let tries = 1; this.#newest === tags; tries += 1) {
      await this.#run.undisturbed();
      try {
        await this.#run.update(tags);
        return this.#onChanged();
      } catch (error) {
        if (tries === TRIES) throw error;
        await new Promise((resolve) => {
          setTimeout(resolve, PAUSE_MS).unref();
        });
      }
    }
  }
}
