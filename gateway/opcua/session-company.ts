import type { ClientSession } from 'node-opcua';
import type { AckGate } from './ack-gate.ts';
import type { BatchSender } from './batch-sender.ts';
import type { EventMemory } from './events/event-memory.ts';
import { EventWatch } from './events/event-watch.ts';
import { GapFiller } from './history/gap-filler.ts';
import { GlobWatch } from './glob-watch.ts';
import type { LastSeen } from './last-seen.ts';
import { parseNodeAddress, resolveNodeAddress } from './node-address.ts';
import type { NodeKnowledge } from './node-knowledge.ts';
import type { OperationLimits } from './operation-limits.ts';
import type { WorkerMessage, WorkerStart, WorkerTag } from './protocol.ts';
import { ServerWatch } from './server-watch.ts';

const BROWSE_MS = 3_600_000;

export type CompanyParts = {
  readonly start: WorkerStart;
  readonly namespaces: readonly string[];
  readonly limits: OperationLimits;
  readonly gate: AckGate;
  readonly sender: BatchSender;
  readonly seen: LastSeen;
  readonly events: EventMemory;
  readonly knowledge: NodeKnowledge;
  readonly say: (message: WorkerMessage) => void;
  /** The tags of the session as they are now. */
  readonly tags: () => readonly WorkerTag[];
};

/** What goes on in a session beside its values: events, a look at the server, gaps filled from its history. Nothing of it can end the session. */
export class SessionCompany {
  readonly #session: ClientSession;
  readonly #parts: CompanyParts;
  readonly #watch: ServerWatch;
  readonly #filler: GapFiller | null;
  readonly #globs: GlobWatch;
  #events: EventWatch | null = null;
  #isStopped = false;
  /** Node ids as configured, by handle. */
  #addresses: { readonly tags: readonly WorkerTag[]; readonly nodes: ReadonlyMap<number, string> } | null = null;

  constructor(session: ClientSession, parts: CompanyParts) {
    this.#session = session;
    this.#parts = parts;
    const { start, namespaces, limits, knowledge, sender, say } = parts;
    const { server, pkiDir } = start;
    this.#watch = new ServerWatch(session, { server, pkiDir, namespaces, say });
    const { globs = [], browseMs: everyMs = BROWSE_MS } = start;
    this.#globs = new GlobWatch(session, { globs, everyMs, namespaces, limits, say });
    this.#filler =
      server.history === 'off'
        ? null
        : new GapFiller(session, {
            server,
            sender,
            say,
            ...knowledge.decoding,
            nodeOf: (handle) => this.#nodeOf(handle),
            nameOf: (handle) => this.#addresses?.nodes.get(handle) ?? null,
            giveBack: (gaps) => parts.seen.returnGaps(gaps),
            maxNodesPerRead: limits.maxNodesPerRead,
            maxNodesPerHistoryRead: limits.maxNodesPerHistoryRead,
          });
  }

  #nodeOf(handle: number): string | null {
    const tags = this.#parts.tags();
    if (this.#addresses?.tags !== tags)
      this.#addresses = { tags, nodes: new Map(tags.map((tag) => [tag.handle, tag.nodeId])) };
    const node = this.#addresses.nodes.get(handle);
    return node === undefined ? null : resolveNodeAddress(parseNodeAddress(node), this.#parts.namespaces);
  }

  /** Begins with the tags of the session. */
  async begin(handles: readonly number[]): Promise<void> {
    const { start, namespaces, gate, events: memory, say } = this.#parts;
    const parts = { server: start.server, namespaces, gate, memory, say };
    // A server that takes no such subscription has no events for us; its values are another matter.
    const [events] = await Promise.all([
      EventWatch.open(this.#session, parts).catch(() => null),
      this.#watch.begin(),
      this.#globs.look(),
      this.learn(handles),
    ]);
    this.#events = events;
    if (this.#isStopped) events?.stop();
  }

  /** Finds out what may be read of the history of these tags. */
  async learn(handles: readonly number[]): Promise<void> {
    await this.#filler?.learn(handles);
  }

  /** The connection has been repaired. */
  async resume(): Promise<void> {
    await this.#events?.resume();
  }

  /** Once a second: what was missed is read from the history of the server, where it has one. */
  tick(): void {
    const gaps = this.#parts.seen.takeGaps();
    this.#filler?.add(gaps);
  }

  /** Every batch up to this number is on disk. */
  durable(batch: number): void {
    this.#filler?.durable(batch);
  }

  stop(): void {
    this.#isStopped = true;
    this.#events?.stop();
    this.#watch[Symbol.dispose]();
    this.#globs[Symbol.dispose]();
    this.#filler?.[Symbol.dispose]();
  }
}
