import type { ClientSession } from 'node-opcua';
import { describeError } from '../../broker/contract/error.ts';
import { browseTree, pathOf, type BrowsedTree } from './discovery/browse-tree.ts';
import { compileGlob } from './discovery/glob.ts';
import type { OperationLimits } from './operation-limits.ts';
import type { GlobMatches, WorkerGlob, WorkerMessage } from './protocol.ts';

export type GlobWatchParts = {
  readonly globs: readonly WorkerGlob[];
  readonly everyMs: number;
  readonly namespaces: readonly string[];
  readonly limits: OperationLimits;
  readonly say: (message: WorkerMessage) => void;
};

/** Looks up what globs over browse paths match at a server: once at the beginning and then again and again. */
export class GlobWatch implements Disposable {
  readonly #session: ClientSession;
  readonly #parts: GlobWatchParts;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | null = null;

  constructor(session: ClientSession, parts: GlobWatchParts) {
    this.#session = session;
    this.#parts = parts;
  }

  /** Looks now, and again after the interval. Never fails. */
  async look(): Promise<void> {
    const { globs, everyMs, say } = this.#parts;
    if (globs.length === 0 || this.#stop.signal.aborted) return;
    try {
      const tree = await browseTree(this.#session, { ...this.#parts, signal: this.#stop.signal });
      if (!this.#stop.signal.aborted) say({ kind: 'browsed', found: globs.map((glob) => matchesOf(glob, tree)) });
    } catch (error) {
      const fields = { reason: describeError(error) };
      if (!this.#stop.signal.aborted) say({ kind: 'log', level: 'warn', fields, message: 'globs were not looked up' });
    }
    if (this.#stop.signal.aborted) return;
    this.#timer = setTimeout(() => void this.look(), everyMs);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

/** The variables of a tree that a glob matches, in order of their paths. Properties are no tags. */
export function matchesOf({ key, glob, max }: WorkerGlob, { nodes, stoppedBy, refused }: BrowsedTree): GlobMatches {
  const matches = compileGlob(glob);
  const found = nodes.flatMap((node, index) => {
    if (node.nodeClass !== 'Variable' || node.isProperty) return [];
    const path = pathOf(nodes, index);
    return matches(path) ? [{ path, nodeId: node.address }] : [];
  });
  const isWhole = stoppedBy === null && refused.length === 0;
  const inOrder = found.toSorted((a, b) => (a.path.join('/') < b.path.join('/') ? -1 : 1));
  return { key, nodes: inOrder.slice(0, max), isWhole, isCut: found.length > max };
}
