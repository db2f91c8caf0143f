import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { EquipmentNode, LiveEvent, PlantView } from '../plant-view.ts';
import { createEventRing } from './event-ring.ts';
import { viewEvent } from './views.ts';
import type { ZoneTime } from './zone-time.ts';

const RING_EVENTS = 1000;
const RING_BYTES = 8 * 1_048_576;
const CLIENT_BYTES = 4 * 1_048_576;
const MOST_CLIENTS = 100;
const HEARTBEAT_MS = 15_000;
const EQUIPMENT_MS = 1000;

export type LiveFeedOptions = {
  readonly view: PlantView;
  readonly time: ZoneTime;
  readonly now: () => number;
  readonly registry: Registry;
  /** A client with more than this unread is dropped. */
  readonly clientBytes?: number;
};

/**
 * Live events to any number of readers up to 100. Equipment events are merged to one a second, the newest state of each
 * object; a reader that does not read is dropped, never waited for.
 */
export class LiveFeed implements Disposable {
  readonly #options: LiveFeedOptions;
  readonly #clients = new Set<ServerResponse>();
  readonly #pending = new Map<string, EquipmentNode>();
  readonly #ring = createEventRing({ run: randomBytes(6).toString('hex'), events: RING_EVENTS, bytes: RING_BYTES });
  readonly #dropped: Counter;
  readonly #ends: (() => void)[] = [];
  #flushTimer: NodeJS.Timeout | null = null;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    const registers = [options.registry];
    const clients = this.#clients;
    options.registry.registerMetric(
      new Gauge({
        name: 'joulegate_sse_clients',
        help: 'Readers of the live events.',
        registers: [],
        collect() {
          this.set(clients.size);
        },
      }),
    );
    this.#dropped = new Counter({
      name: 'joulegate_sse_dropped_total',
      help: 'Readers of the live events that were dropped because they did not read.',
      registers,
    });
  }

  /** Starts listening to the plant. */
  start(): void {
    this.#ends.push(this.#options.view.subscribe((event) => this.#take(event)));
    const heartbeat = setInterval(() => this.#send(': heartbeat\n\n'), HEARTBEAT_MS).unref();
    this.#ends.push(() => clearInterval(heartbeat));
  }

  get isFull(): boolean {
    return this.#clients.size >= MOST_CLIENTS;
  }

  /**
   * Serves one reader until it leaves. With an id that is still kept it gets what it missed,
   * otherwise the state of the whole plant first.
   */
  add(response: ServerResponse, lastEventId: string | undefined): void {
    const missed = lastEventId === undefined ? null : this.#ring.after(lastEventId);
    const first = missed === null ? this.#snapshot() : missed.map((event) => event.frame).join('');
    response.on('close', () => this.#clients.delete(response));
    response.on('error', () => this.#clients.delete(response));
    this.#clients.add(response);
    response.write(`retry: 2000\n\n${first}`);
  }

  /** Ends all streams at once. Idempotent. */
  [Symbol.dispose](): void {
    for (const end of this.#ends.splice(0)) end();
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    this.#flushTimer = null;
    for (const client of this.#clients) {
      client.end();
      client.destroy();
    }
    this.#clients.clear();
  }

  #take(event: LiveEvent): void {
    if (event.kind !== 'equipment') return this.#publish(event);
    for (const node of event.nodes) this.#pending.set(node.path, node);
    if (this.#flushTimer === null) {
      this.#flush();
      this.#flushTimer = setTimeout(() => {
        this.#flushTimer = null;
        this.#flush();
      }, EQUIPMENT_MS).unref();
    }
  }

  #flush(): void {
    if (this.#pending.size === 0) return;
    const nodes = [...this.#pending.values()];
    this.#pending.clear();
    this.#publish({ kind: 'equipment', nodes });
  }

  #publish(event: LiveEvent): void {
    const { time, now } = this.#options;
    this.#send(this.#ring.push(event.kind, viewEvent(event, now(), time)).frame);
  }

  #send(frame: string): void {
    for (const client of this.#clients) {
      if (client.writableLength > (this.#options.clientBytes ?? CLIENT_BYTES)) {
        this.#clients.delete(client);
        this.#dropped.inc();
        client.destroy();
      } else {
        client.write(frame);
      }
    }
  }

  #snapshot(): string {
    const { view, time, now } = this.#options;
    const events: LiveEvent[] = [
      { kind: 'equipment', nodes: view.equipment() },
      { kind: 'health', health: view.health() },
    ];
    return events
      .map(
        (event) =>
          `id: ${this.#ring.lastId()}\nevent: ${event.kind}\ndata: ${JSON.stringify(viewEvent(event, now(), time))}\n\n`,
      )
      .join('');
  }
}
