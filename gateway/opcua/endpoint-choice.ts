import { describeError } from '../../broker/contract/error.ts';
import { openSession } from './open-session.ts';
import type { WorkerMessage, WorkerStart } from './protocol.ts';

/** Servers at or above it are healthy (OPC 10000-4 6.6.2.4.2); below, another one of the set may serve better. */
const HEALTHY_LEVEL = 200;
/** The other servers of a set are not asked more often than this. */
const LOOK_EVERY_MS = 30_000;
const FULL_LEVEL = 255;
/** A server that was lost is asked this often whether it is back. */
const VISIT_EVERY_MS = 30_000;
const LOST_CODES = ['ENDPOINT_UNREACHABLE', 'ENDPOINT_REFUSED', 'CERTIFICATE_UNTRUSTED'] as const;

/**
 * Which of several servers with the same nodes is read. The next one when a server is lost; another one when the one that is read
 * says that it is not healthy and the other is better.
 */
export class EndpointChoice {
  readonly #start: WorkerStart;
  readonly #say: (message: WorkerMessage) => void;
  readonly #endpoints: readonly string[];
  #index = 0;
  #lookedAt = 0;
  #isLooking = false;
  readonly #lost = new Set<number>();
  readonly #visitEveryMs: number;
  #visitedAt = Date.now();

  /** `visitEveryMs`: how often servers that were lost are asked whether they are back. */
  constructor(start: WorkerStart, say: (message: WorkerMessage) => void, visitEveryMs = VISIT_EVERY_MS) {
    this.#visitEveryMs = visitEveryMs;
    this.#start = start;
    this.#say = say;
    this.#endpoints = [start.server.endpoint, ...(start.server.redundant ?? [])];
  }

  get hasOthers(): boolean {
    return this.#endpoints.length > 1;
  }

  /** The server to read now. */
  get server(): WorkerStart['server'] {
    return this.#serverAt(this.#index);
  }

  /** The one that was read is lost. @returns whether all have been tried since the first. */
  next(): boolean {
    this.#lost.add(this.#index);
    this.#visitedAt = Date.now();
    this.#index = (this.#index + 1) % this.#endpoints.length;
    return this.#index === 0;
  }

  /** The server that is read has this ServiceLevel. @returns true when another one is better and is to be read from now on. */
  async isBetterElsewhere(level: number): Promise<boolean> {
    if (!this.hasOthers || level >= HEALTHY_LEVEL || this.#isLooking) return false;
    if (Date.now() - this.#lookedAt < LOOK_EVERY_MS) return false;
    this.#isLooking = true;
    try {
      let best = { index: this.#index, level };
      for (let index = 0; index < this.#endpoints.length; index += 1) {
        if (index === this.#index) continue;
        const other = await this.#levelAt(index);
        if (other > best.level) best = { index, level: other };
      }
      if (best.index === this.#index) return false;
      this.#reportSwitch(best, level);
      this.#index = best.index;
      return true;
    } finally {
      this.#isLooking = false;
      this.#lookedAt = Date.now();
    }
  }

  /** Another server than the lost ones is read. Says of those that are back that nothing is wrong with them. */
  async visitLost(): Promise<void> {
    this.#lost.delete(this.#index);
    if (this.#lost.size === 0 || this.#isLooking || Date.now() - this.#visitedAt < this.#visitEveryMs) return;
    this.#isLooking = true;
    try {
      for (const index of this.#lost) {
        if ((await this.#levelAt(index)) < 0) continue;
        this.#lost.delete(index);
        for (const code of LOST_CODES) this.#say({ kind: 'clear', code, where: this.#endpoints[index] ?? '' });
      }
    } finally {
      this.#isLooking = false;
      this.#visitedAt = Date.now();
    }
  }

  /** Each server of a set has a certificate of its own, so what is known of it is kept under a name of its own. */
  #serverAt(index: number): WorkerStart['server'] {
    const { server } = this.#start;
    const endpoint = this.#endpoints[index] ?? server.endpoint;
    return index === 0 ? server : { ...server, endpoint, name: `${server.name}.${index + 1}` };
  }

  async #levelAt(index: number): Promise<number> {
    try {
      await using opened = await openSession({ ...this.#start, server: this.#serverAt(index) }, (event) =>
        this.#say({ kind: 'event', event }),
      );
      const { statusCode, value } = await opened.session.read({ nodeId: 'i=2267' });
      return statusCode.isGood() ? Number(value.value) : FULL_LEVEL;
    } catch (error) {
      this.#say({
        kind: 'log',
        level: 'debug',
        fields: { endpoint: this.#endpoints[index], reason: describeError(error) },
        message: 'a redundant server could not be asked for its ServiceLevel',
      });
      return -1;
    }
  }

  #reportSwitch(to: { readonly index: number; readonly level: number }, level: number): void {
    const endpoint = this.#endpoints[to.index] ?? '';
    this.#say({
      kind: 'event',
      event: {
        kind: 'server-switched',
        severity: 'low',
        message: `server "${this.#start.server.name}": reading goes on at ${endpoint} with ServiceLevel ${to.level}; that of ${this.server.endpoint} is ${level}`,
        subject: endpoint,
        detail: { server: this.#start.server.name, from: this.server.endpoint, to: endpoint },
      },
    });
  }
}
