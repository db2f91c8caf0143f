import type { ServerEvent } from './event-fields.ts';

type Known = { readonly state: string; readonly event: ServerEvent; seenInRefresh: boolean };

/** So many conditions and event ids are remembered of one server; the oldest go first. */
const CONDITIONS = 10_000;
const EVENT_IDS = 5000;

/**
 * What has been passed on of a server's events, over its sessions: a refresh sends every retained condition again, and a
 * transferred subscription its queue, and nothing of that is news.
 */
export class EventMemory {
  readonly #conditions = new Map<string, Known>();
  readonly #ids = new Set<string>();
  #isRefreshing = false;

  /** Whether an event says something that was not known. */
  isNews(event: ServerEvent): boolean {
    const known = event.condition === null ? undefined : this.#note(event);
    if (known !== undefined) return known;
    if (event.eventId === '') return true;
    if (this.#ids.has(event.eventId)) return false;
    this.#ids.add(event.eventId);
    if (this.#ids.size > EVENT_IDS) this.#ids.delete(this.#ids.values().next().value ?? '');
    return true;
  }

  /** A refresh begins: what it does not bring is over. */
  beginRefresh(): void {
    this.#isRefreshing = true;
    for (const known of this.#conditions.values()) known.seenInRefresh = false;
  }

  /** @returns the last known event of each condition that was active and that the refresh did not bring. */
  endRefresh(): ServerEvent[] {
    if (!this.#isRefreshing) return [];
    this.#isRefreshing = false;
    const over: ServerEvent[] = [];
    for (const [key, known] of this.#conditions) {
      if (known.seenInRefresh) continue;
      this.#conditions.delete(key);
      if (known.event.condition?.active === true) over.push(known.event);
    }
    return over;
  }

  /** @returns whether a condition has another state than before; undefined when nothing is known of it. */
  #note(event: ServerEvent): boolean | undefined {
    const { condition } = event;
    if (condition === null) return undefined;
    const key = `${condition.id}|${condition.branch}`;
    const { retain, enabled, active, acked, confirmed, comment } = condition;
    const state = JSON.stringify([retain, enabled, active, acked, confirmed, comment, event.severity, event.message]);
    const known = this.#conditions.get(key);
    if (known?.state === state) {
      known.seenInRefresh = true;
      return false;
    }
    this.#conditions.delete(key);
    if (retain) this.#conditions.set(key, { state, event, seenInRefresh: true });
    if (this.#conditions.size > CONDITIONS) this.#conditions.delete(this.#conditions.keys().next().value ?? '');
    return known === undefined ? undefined : true;
  }
}
