import type { ServerEvent } from './event-fields.ts';

type Known = {
  readonly state: string;
  readonly event: ServerEvent;
  /** Whether a state of it has been passed on. */
  told: boolean;
  seenInRefresh: boolean;
};

/** What an event is in the light of those before it. */
export type Verdict = {
  readonly isNews: boolean;
  /** A state of its condition has been passed on before, so that its further states are to be as well. */
  readonly wasTold: boolean;
  /** It is passed on. */
  tell(): void;
  /** It is not passed on now: a refresh is to bring it again. */
  putBack(): void;
};

/** So many conditions and event ids are remembered of one server; the oldest go first. */
const CONDITIONS = 10_000;
const EVENT_IDS = 5000;
/** State of a condition that has another one by now, which was not passed on. */
const UNTOLD = '';
const nothing = (): void => undefined;
const old: Verdict = { isNews: false, wasTold: false, tell: nothing, putBack: nothing };

/**
 * What has been passed on of a server's events, over its sessions: a refresh sends every retained condition again, and a
 * transferred subscription its queue, and nothing of that is news.
 */
export class EventMemory {
  readonly #conditions = new Map<string, Known>();
  readonly #ids = new Set<string>();
  #isRefreshing = false;

  /** Takes note of an event. What is news is to be told or put back. */
  judge(event: ServerEvent): Verdict {
    const { condition, eventId } = event;
    if (condition === null) {
      if (this.#ids.has(eventId)) return old;
      this.#noteId(eventId);
      return { isNews: true, wasTold: false, tell: nothing, putBack: nothing };
    }
    const key = `${condition.id}|${condition.branch}`;
    const before = this.#conditions.get(key);
    const state = stateOf(event);
    if (before?.state === state) {
      before.seenInRefresh = true;
      return old;
    }
    if (before === undefined && this.#ids.has(eventId)) return old;
    this.#noteId(eventId);
    const known = { state, event, told: before?.told ?? false, seenInRefresh: true };
    this.#conditions.delete(key);
    if (condition.retain) this.#conditions.set(key, known);
    if (this.#conditions.size > CONDITIONS) this.#conditions.delete(this.#conditions.keys().next().value ?? '');
    return {
      isNews: true,
      wasTold: known.told,
      tell: () => {
        known.told = true;
      },
      putBack: () => {
        this.#ids.delete(eventId);
        if (before === undefined) this.#conditions.delete(key);
        else this.#conditions.set(key, { ...before, state: UNTOLD, seenInRefresh: true });
      },
    };
  }

  /** A refresh begins: what it does not bring is over. */
  beginRefresh(): void {
    this.#isRefreshing = true;
    for (const known of this.#conditions.values()) known.seenInRefresh = false;
  }

  /** @returns the last event passed on of each condition that was active and that the refresh did not bring. */
  endRefresh(): ServerEvent[] {
    if (!this.#isRefreshing) return [];
    this.#isRefreshing = false;
    const over: ServerEvent[] = [];
    for (const [key, { seenInRefresh, told, event }] of this.#conditions) {
      if (seenInRefresh) continue;
      this.#conditions.delete(key);
      if (told && event.condition?.active === true) over.push(event);
    }
    return over;
  }

  #noteId(eventId: string): void {
    if (eventId === '') return;
    this.#ids.add(eventId);
    if (this.#ids.size > EVENT_IDS) this.#ids.delete(this.#ids.values().next().value ?? '');
  }
}

function stateOf({ condition, severity, message }: ServerEvent): string {
  const { retain, enabled, active, acked, confirmed, comment } = condition ?? {};
  return JSON.stringify([retain, enabled, active, acked, confirmed, comment, severity, message]);
}
