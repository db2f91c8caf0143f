import { describeError } from '../../broker/contract/error.ts';
import { closestNodes, findCandidates, type ClosestNode, type SearchServer } from './discovery/closest-nodes.ts';
import type { WorkerMessage, WorkerStart, WorkerTag } from './protocol.ts';
import { placeOf, reportBadNode, reportRead } from './tag-reports.ts';

type Say = (message: WorkerMessage) => void;

/** Reason of a tag whose namespace URI the server does not list. */
export const NO_NAMESPACE = 'its namespace is not in the NamespaceArray of the server';

/** Nodes of a server that are looked at, once in a session, to find what was meant. */
const MOST_CANDIDATES = 5000;
/** Node ids of a session for which others are looked for; the rest is named without. */
const MOST_SEARCHED = 200;

/**
 * Tags of a session that cannot be read, each with its reason; for node ids that the server does not know also the existing node
 * that was probably meant, looked for once per node id and session.
 */
export class UnknownTags implements Disposable {
  readonly #server: WorkerStart['server'];
  readonly #say: Say;
  readonly #tags = new Map<number, { readonly tag: WorkerTag; readonly reason: string }>();
  /** By node id as configured; null while and after nothing near was found. */
  readonly #closest = new Map<string, ClosestNode | null>();
  #wanted: { readonly tag: WorkerTag; readonly reason: string }[] = [];
  #known: SearchServer | null = null;
  #candidates: ReturnType<typeof findCandidates> | null = null;
  #isSearching = false;
  #isStopped = false;

  constructor(server: WorkerStart['server'], say: Say) {
    this.#server = server;
    this.#say = say;
  }

  /** Takes note of a tag that cannot be read and says it. */
  add(tag: WorkerTag, reason: string): void {
    const isNew = !this.#tags.has(tag.handle);
    this.#tags.set(tag.handle, { tag, reason });
    reportBadNode(this.#say, this.#server, tag, reason, { isNew, closest: this.#closest.get(tag.nodeId) ?? null });
    const isUnknown = reason === NO_NAMESPACE || reason.startsWith('BadNodeId');
    if (!isUnknown || this.#closest.has(tag.nodeId) || this.#closest.size >= MOST_SEARCHED) return;
    this.#closest.set(tag.nodeId, null);
    this.#wanted.push({ tag, reason });
    this.#search();
  }

  /** A tag is read; says so when it was not before. */
  heal(tag: WorkerTag): void {
    if (this.#tags.delete(tag.handle)) reportRead(this.#say, tag);
  }

  /** A tag is no longer of interest. */
  forget(handle: number): void {
    this.#tags.delete(handle);
  }

  has(handle: number): boolean {
    return this.#tags.has(handle);
  }

  get tags(): WorkerTag[] {
    return [...this.#tags.values()].map(({ tag }) => tag);
  }

  /** From now on the server may be browsed for what was meant: values come first. */
  lookAround(known: SearchServer): void {
    this.#known = known;
    this.#search();
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
  }

  #search(): void {
    const known = this.#known;
    if (known === null || this.#isSearching || this.#wanted.length === 0) return;
    this.#isSearching = true;
    this.#searchAll(known)
      .catch((error: unknown) =>
        this.#log('debug', 'no node could be proposed for an unknown one', { reason: describeError(error) }),
      )
      .finally(() => {
        this.#isSearching = false;
      });
  }

  async #searchAll(known: SearchServer): Promise<void> {
    this.#candidates ??= findCandidates(known, { maxNodes: MOST_CANDIDATES });
    const candidates = await this.#candidates;
    for (;;) {
      const next = this.#wanted.shift();
      if (next === undefined || this.#isStopped) return;
      const [closest] = await closestNodes(known, next.tag.nodeId, { name: next.tag.name, candidates, most: 1 });
      if (closest === undefined) continue;
      this.#closest.set(next.tag.nodeId, closest);
      for (const { tag, reason } of this.#tags.values())
        if (tag.nodeId === next.tag.nodeId)
          reportBadNode(this.#say, this.#server, tag, reason, { isNew: false, closest });
      this.#log('warn', 'the node of a tag is unknown; another is near', {
        where: placeOf(next.tag),
        nodeId: next.tag.nodeId,
        closest: closest.nodeId,
      });
      // A comparison with thousands of nodes takes its time; notifications in between are not to wait for all of them.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  #log(level: 'debug' | 'warn', message: string, fields: Record<string, unknown>): void {
    this.#say({ kind: 'log', level, fields: { server: this.#server.name, ...fields }, message });
  }
}
