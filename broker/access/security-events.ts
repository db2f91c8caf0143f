import { randomUUID } from 'node:crypto';
import type { EventKind, SystemEvent } from '../contract/event.ts';

/** A security event as whoever sees it reports it: who, from where, what. */
export type GateEvent = Pick<SystemEvent, 'severity' | 'message'> & {
  readonly kind: EventKind;
  readonly principal?: string;
  /** address:port */
  readonly address?: string;
  readonly subject?: string;
};

/** Equal events (kind, user, address without port, subject) are sent once in this time, with the number of repeats after it. */
const REPEAT_MS = 2000;
/** Different events of one kind in a minute; the rest of the minute is counted and told in one event. */
const PER_KIND = 60;
const MINUTE_MS = 60_000;
const KEPT = 10_000;

type SecurityEventsOptions = {
  readonly id: string;
  readonly now: () => number;
  readonly publish: (event: SystemEvent) => void;
};
type Repeated = { event: GateEvent; at: number; repeats: number };

/** Publishes security events so that an attack can be seen in them, but cannot be carried out with them. */
export class SecurityEvents implements Disposable {
  readonly #options: SecurityEventsOptions;
  readonly #repeated = new Map<string, Repeated>();
  readonly #kinds = new Map<EventKind, { since: number; sent: number; suppressed: number }>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: SecurityEventsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tidy(), REPEAT_MS);
    this.#timer.unref();
  }

  report(event: GateEvent): void {
    const at = this.#options.now();
    const key = `${event.kind}|${event.principal ?? ''}|${(event.address ?? '').replace(/:\d+$/, '')}|${event.subject ?? ''}`;
    const before = this.#repeated.get(key);
    if (before !== undefined) {
      Object.assign(before, { event, repeats: before.repeats + 1 });
      return;
    }
    if (!this.#mayTell(event.kind, at)) return;
    if (this.#repeated.size < KEPT) this.#repeated.set(key, { event, at, repeats: 0 });
    this.#publish(event, at, {});
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #mayTell(kind: EventKind, at: number): boolean {
    const known = this.#kinds.get(kind) ?? { since: at, sent: 0, suppressed: 0 };
    this.#kinds.set(kind, known);
    if (known.sent >= PER_KIND) {
      known.suppressed += 1;
      return false;
    }
    known.sent += 1;
    return true;
  }

  #tidy(): void {
    const at = this.#options.now();
    for (const [key, repeated] of this.#repeated) {
      if (at - repeated.at < REPEAT_MS) continue;
      if (repeated.repeats === 0) {
        this.#repeated.delete(key);
        continue;
      }
      if (this.#mayTell(repeated.event.kind, at)) this.#publish(repeated.event, at, { repeats: repeated.repeats });
      Object.assign(repeated, { at, repeats: 0 });
    }
    for (const [kind, known] of this.#kinds) {
      if (at - known.since < MINUTE_MS) continue;
      this.#kinds.delete(kind);
      if (known.suppressed > 0) {
        const message = `${known.suppressed} more events of this kind in the last minute`;
        this.#publish({ kind, severity: 'high', message }, at, { suppressed: known.suppressed });
      }
    }
  }

  #publish(event: GateEvent, at: number, detail: Readonly<Record<string, number>>): void {
    const { id, publish } = this.#options;
    publish({
      id: randomUUID(),
      at,
      service: 'broker',
      source: id,
      ...event,
      ...(Object.keys(detail).length === 0 ? {} : { detail }),
    });
  }
}

/** Foreign text for an event: short, without control or direction characters. */
export function clean(text: string): string {
  return text
    .slice(0, 512)
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '?')
    .slice(0, 128);
}
