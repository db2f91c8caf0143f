import { ServerState as RunState, type ClientSession, type DataValue } from 'node-opcua';
import { printable } from './trust/certificate-facts.ts';
import { readServerState, writeServerState } from './trust/server-state.ts';
import type { WorkerMessage, WorkerStart } from './protocol.ts';

/** Nodes of the Server object (OPC 10000-5 6.3.1). */
const statusNodes = { state: 2259, serviceLevel: 2267, seconds: 2992, reason: 2993, time: 2258 } as const;
const running: number = RunState.Running;
const shuttingDown: number = RunState.Shutdown;
const softwareNodes = { manufacturer: 2263, product: 2261, version: 2264, build: 2265, buildDate: 2266 } as const;

const EVERY_MS = 10_000;
/** A server that does not tell its ServiceLevel is as good as it can be (OPC 10000-4 6.6.2.4.2). */
const FULL_LEVEL = 255;

export type ServerWatchParts = {
  readonly server: WorkerStart['server'];
  readonly pkiDir: string;
  /** The server's NamespaceArray in this session. */
  readonly namespaces: readonly string[];
  readonly say: (message: WorkerMessage) => void;
  /** How often the server is asked, in ms; default 10,000. */
  readonly everyMs?: number;
};

/**
 * Looks at what a server says of itself: state, announced shutdown, service level, clock; once a session also its software and
 * its namespaces, compared with those of the last session. Changes become events.
 */
export class ServerWatch implements Disposable {
  readonly #session: ClientSession;
  readonly #parts: ServerWatchParts;
  readonly #timer: NodeJS.Timeout;
  #state: number = RunState.Running;
  #announced = false;

  constructor(session: ClientSession, parts: ServerWatchParts) {
    this.#session = session;
    this.#parts = parts;
    this.#timer = setInterval(() => void this.#look().catch(() => undefined), parts.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  /** The first look, with the comparison against the last session. Never fails: a server may keep all of it to itself. */
  async begin(): Promise<void> {
    await this.#look().catch(() => undefined);
    await this.#compare().catch(() => undefined);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { server, say } = this.#parts;
    const asked = Date.now();
    const { state, serviceLevel, seconds, reason, time } = await this.#read(statusNodes);
    const level = serviceLevel === null ? FULL_LEVEL : Number(serviceLevel);
    const skew = time instanceof Date ? time.getTime() - (asked + Date.now()) / 2 : null;
    say({ kind: 'server', serviceLevel: level, clockSkewMs: skew });
    if (typeof state !== 'number') return;
    if (state === shuttingDown && !this.#announced) this.#announceShutdown(Number(seconds), textOf(reason));
    if (state === this.#state) return;
    const name = RunState[state] ?? String(state);
    say({
      kind: 'event',
      event: {
        kind: 'server-state-changed',
        severity: state === running ? 'info' : 'medium',
        message: `server "${server.name}" is ${name}, was ${RunState[this.#state] ?? this.#state}`,
        subject: server.endpoint,
        detail: { server: server.name, state: name },
      },
    });
    this.#state = state;
    if (state === running) return say({ kind: 'clear', code: 'SERVER_NOT_RUNNING', where: server.endpoint });
    say({
      kind: 'problem',
      problem: {
        code: 'SERVER_NOT_RUNNING',
        severity: 'warning',
        where: server.endpoint,
        message: `server "${server.name}" says that it is ${name}; its values may stand still or be simulated`,
        remedy: 'ask the people of the machine; values and their status codes are passed on as they come',
      },
    });
  }

  #announceShutdown(seconds: number, reason: string): void {
    const { server, say } = this.#parts;
    this.#announced = true;
    say({
      kind: 'event',
      event: {
        kind: 'server-state-changed',
        severity: 'low',
        message: `server "${server.name}" shuts down in ${Number.isFinite(seconds) ? seconds : '?'} s${reason === '' ? '' : `: ${reason}`}`,
        subject: server.endpoint,
        detail: { server: server.name, state: 'Shutdown' },
      },
    });
  }

  async #compare(): Promise<void> {
    const { server, pkiDir, namespaces, say } = this.#parts;
    const read = await this.#read(softwareNodes);
    const software = Object.values(read).map(textOf).join(' | ');
    const known = await readServerState(pkiDir, server.name);
    const told = software.replaceAll(/[ |]/g, '') !== '';
    if (told && known.software !== undefined && known.software !== software) {
      say({
        kind: 'event',
        event: {
          kind: 'server-software-changed',
          severity: 'medium',
          message: `the software of server "${server.name}" is ${software}, was ${known.software}`.slice(0, 1024),
          subject: server.endpoint,
          detail: { server: server.name, before: known.software, after: software },
        },
      });
    }
    const uris = namespaces.map((uri) => printable(uri));
    if (known.namespaces !== undefined && known.namespaces.join('\n') !== uris.join('\n')) {
      const gone = known.namespaces.filter((uri) => !uris.includes(uri));
      const added = uris.filter((uri) => !known.namespaces?.includes(uri));
      const words = [
        ...(gone.length > 0 ? [`gone: ${gone.join(', ')}`] : []),
        ...(added.length > 0 ? [`new: ${added.join(', ')}`] : []),
      ];
      say({
        kind: 'event',
        event: {
          kind: 'server-namespaces-changed',
          severity: gone.length > 0 ? 'medium' : 'low',
          message:
            `the namespaces of server "${server.name}" have changed; ${words.join('; ') || 'their order is another'}`.slice(
              0,
              1024,
            ),
          subject: server.endpoint,
          detail: { server: server.name, gone: gone.length, added: added.length },
        },
      });
    }
    const next = { ...known, ...(told ? { software } : {}), namespaces: uris };
    if (JSON.stringify(next) !== JSON.stringify(known)) await writeServerState(pkiDir, server.name, next);
  }

  /** Values by name; null for what the server does not tell. */
  async #read<Name extends string>(nodes: Readonly<Record<Name, number>>): Promise<Record<Name, unknown>> {
    const names = Object.keys(nodes) as Name[];
    const values: DataValue[] = await this.#session.read(names.map((name) => ({ nodeId: `i=${nodes[name]}` })));
    return Object.fromEntries(
      names.map((name, index) => {
        const value = values[index];
        return [name, value?.statusCode.isGood() === true ? (value.value.value as unknown) : null];
      }),
    ) as Record<Name, unknown>;
  }
}

/** A text, localized text or instant of a server, printable and short. */
function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  const text = typeof value === 'string' ? value : (value as { readonly text?: unknown } | null)?.text;
  return typeof text === 'string' ? printable(text).slice(0, 120) : '';
}
