import type { Gap } from '../last-seen.ts';
import type { WorkerMessage, WorkerStart } from '../protocol.ts';

/** Nodes whose history fails are named one by one up to this number. */
const NAMED = 20;
const CODE = 'HISTORY_UNREADABLE';
/** A queue that overflows all the time is filled all the time; that is said once in so long. */
const EVERY_MS = 60_000;

class Span {
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;
  readonly handles = new Set<number>();

  add({ handle, from, to }: Gap): void {
    this.handles.add(handle);
    this.#from = Math.min(this.#from, from);
    this.#to = Math.max(this.#to, to);
  }

  get from(): string {
    return new Date(this.#from).toISOString();
  }

  get to(): string {
    return new Date(this.#to).toISOString();
  }
}

/** What came of filling gaps: what was missing and is there now, and what stays missing. */
export class HistoryAccount implements Disposable {
  readonly #server: WorkerStart['server'];
  readonly #say: (message: WorkerMessage) => void;
  #filled = new Span();
  #missed = new Span();
  #values = 0;
  #reason = '';
  #saidAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  /** Places of nodes whose history could not be read. */
  readonly #failing = new Set<string>();
  readonly #working = new Set<string>();

  constructor(server: WorkerStart['server'], say: (message: WorkerMessage) => void) {
    this.#server = server;
    this.#say = say;
  }

  /** Values of a gap were found. */
  fill(gap: Gap, values: number): void {
    this.#filled.add(gap);
    this.#values += values;
  }

  /** The history of a node could be read. */
  note(nodeId: string): void {
    const where = `${this.#server.name}/${nodeId}`;
    if (this.#working.has(where)) return;
    this.#working.add(where);
    this.#failing.delete(where);
    this.#say({ kind: 'clear', code: CODE, where });
  }

  /** A gap stays as it is. */
  miss(gap: Gap, nodeId: string, reason: string): void {
    const { name } = this.#server;
    this.#missed.add(gap);
    this.#reason = reason;
    const where = `${name}/${nodeId}`;
    this.#working.delete(where);
    if (this.#failing.size >= NAMED && !this.#failing.has(where)) return;
    this.#failing.add(where);
    this.#say({
      kind: 'problem',
      problem: {
        code: CODE,
        severity: 'warning',
        where,
        message: `the history of node "${nodeId}" at server "${name}" could not be read: ${reason}; what it missed between ${new Date(gap.from).toISOString()} and ${new Date(gap.to).toISOString()} stays missing`,
        remedy:
          'look at the historian of the server and at the rights of the gateway there, or set history: off for this server',
      },
    });
  }

  /** Says what came of it since the last report, now or when a minute has passed since then. */
  report(): void {
    const wait = this.#saidAt + EVERY_MS - Date.now();
    if (wait <= 0) this.#tell();
    else
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.#tell();
      }, wait).unref();
  }

  /** Says what has not been said yet. */
  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#tell();
  }

  #tell(): void {
    const { name, endpoint } = this.#server;
    if (this.#values > 0 || this.#missed.handles.size > 0) this.#saidAt = Date.now();
    if (this.#values > 0) {
      const { from, to, handles } = this.#filled;
      this.#say({
        kind: 'event',
        event: {
          kind: 'history-filled',
          severity: 'info',
          message: `${this.#values} values of ${handles.size} tags between ${from} and ${to} were missing and came from the history of server "${name}"`,
          subject: endpoint,
          detail: { server: name, values: this.#values, tags: handles.size, from, to },
        },
      });
    }
    if (this.#missed.handles.size > 0) {
      const { from, to, handles } = this.#missed;
      this.#say({
        kind: 'event',
        event: {
          kind: 'data-lost',
          severity: 'medium',
          message: `what ${handles.size} tags missed between ${from} and ${to} stays missing: the history of server "${name}" could not be read (${this.#reason})`,
          subject: endpoint,
          detail: { server: name, tags: handles.size, from, to },
        },
      });
    }
    this.#filled = new Span();
    this.#missed = new Span();
    this.#values = 0;
  }
}
