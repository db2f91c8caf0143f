import type { ConnectionHealth } from '../broker/contract/health.ts';
import type { Reading, ServerState, WorkerMessage } from './opcua/protocol.ts';
import type { TagMap } from './tags/tag-map.ts';
import type { ValueBatch } from './tags/value-batch.ts';

type TagState = keyof ConnectionHealth['tags'];
type Lives = { reading: Reading; sessions: number; repairs: number };
type Said = { readonly serviceLevel: number; readonly clockSkewMs: number | null };

/** What is known of a tag's values, by handle. */
const heard = { nothing: 0, good: 1, bad: 2 } as const;
/** Tags that are not live are named up to this number; all are counted. */
const NAMED = 50;

const NOTHING_READ: Reading = { subscriptions: 0, items: 0, polled: 0 };

const isUp = (state: ServerState['state'] | undefined): boolean => state === 'running' || state === 'polling';

/** Where every connection and every tag stands, with the reason: one place for health, metrics and what is published. */
export class ConnectionStates {
  readonly #now: () => number;
  readonly #servers = new Map<string, ServerState & { readonly since: number }>();
  readonly #said = new Map<string, Said>();
  readonly #lives = new Map<string, Lives>();
  #badTotal = 0;
  #sessionsTotal = 0;
  /** Why a tag gives no values, by handle. */
  readonly #stopped = new Map<number, { readonly state: 'unknown' | 'quarantined'; readonly reason: string }>();
  #heard = new Uint8Array(0);
  #map: TagMap;

  constructor(map: TagMap, now: () => number) {
    this.#now = now;
    this.#map = map;
    this.remap(map);
  }

  remap(map: TagMap): void {
    this.#map = map;
    const next = new Uint8Array(map.highestHandle + 1);
    next.set(this.#heard.subarray(0, next.length));
    this.#heard = next;
    for (const name of map.sampled.keys())
      if (!this.#servers.has(name)) this.#servers.set(name, { state: 'connecting', reason: '', since: this.#now() });
    for (const name of this.#servers.keys()) if (!map.sampled.has(name)) this.#servers.delete(name);
    for (const name of this.#lives.keys()) if (!map.sampled.has(name)) this.#lives.delete(name);
    for (const handle of this.#stopped.keys()) if (!map.tags.has(handle)) this.#stopped.delete(handle);
  }

  setServer(name: string, { state, reason }: ServerState): void {
    const before = this.#servers.get(name);
    if (before?.state === 'reconnecting' && isUp(state)) this.#livesOf(name).repairs += 1;
    const since = before?.state === state ? before.since : this.#now();
    this.#servers.set(name, { state, reason, since });
  }

  setSaid(name: string, said: Said): void {
    this.#said.set(name, said);
  }

  setReading(name: string, { subscriptions, items, polled }: Reading): void {
    this.#livesOf(name).reading = { subscriptions, items, polled };
  }

  /** A session has been opened. */
  noteSession(name: string): void {
    this.#livesOf(name).sessions += 1;
    this.#sessionsTotal += 1;
  }

  #livesOf(name: string): Lives {
    const known = this.#lives.get(name);
    if (known !== undefined) return known;
    const lives = { reading: NOTHING_READ, sessions: 0, repairs: 0 };
    this.#lives.set(name, lives);
    return lives;
  }

  setTag({ handle, state, reason }: Extract<WorkerMessage, { kind: 'tag' }>): void {
    if (state === 'read') this.#stopped.delete(handle);
    else this.#stopped.set(handle, { state, reason });
  }

  /** Takes note of values that came. */
  note({ handles, statuses }: ValueBatch): void {
    for (let row = 0; row < handles.length; row += 1) {
      const isBad = (statuses[row] ?? 0) >>> 30 === 2;
      if (isBad) this.#badTotal += 1;
      this.#heard[handles[row] ?? 0] = isBad ? heard.bad : heard.good;
    }
  }

  isRunning(server: string): boolean {
    return isUp(this.#servers.get(server)?.state);
  }

  /** Counters and gauges over all connections. */
  get figures(): Readonly<Record<'badTotal' | 'sessionsTotal' | 'serversConnected', number>> {
    const serversConnected = [...this.#servers.values()].filter(({ state }) => isUp(state)).length;
    return { badTotal: this.#badTotal, sessionsTotal: this.#sessionsTotal, serversConnected };
  }

  /** One entry for each server of the configuration. */
  list(): ConnectionHealth[] {
    return [...this.#servers].map(([name, { state, reason, since }]) => {
      const counts: Record<TagState, number> = { live: 0, waiting: 0, bad: 0, unknown: 0, quarantined: 0, offline: 0 };
      const exceptions: { tag: string; state: TagState; reason?: string }[] = [];
      for (const { handle, equipment, name: tag } of this.#map.sampled.get(name) ?? []) {
        const stopped = this.#stopped.get(handle);
        const tagState = stopped?.state ?? (isUp(state) ? this.#stateOf(handle) : 'offline');
        counts[tagState] += 1;
        if (tagState === 'live' || tagState === 'offline' || exceptions.length >= NAMED) continue;
        const why = stopped === undefined ? {} : { reason: stopped.reason.slice(0, 300) };
        exceptions.push({ tag: `${equipment}/${tag}`, state: tagState, ...why });
      }
      const said = this.#said.get(name);
      return {
        name,
        state,
        reason,
        since,
        serviceLevel: said?.serviceLevel ?? null,
        clockSkewMs: said?.clockSkewMs ?? null,
        tags: counts,
        ...this.#livesOf(name),
        ...(isUp(state) ? {} : { reading: NOTHING_READ }),
        exceptions,
      };
    });
  }

  #stateOf(handle: number): TagState {
    const known = this.#heard[handle];
    return known === heard.good ? 'live' : known === heard.bad ? 'bad' : 'waiting';
  }
}
