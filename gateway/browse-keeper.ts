import { describeError } from '../broker/contract/error.ts';
import type { Logger } from '../broker/contract/deps.ts';
import { compareMatches, withLockedTags, type Change } from './browsed-tags.ts';
import type { BrowseLock, BrowseLockFile } from './browse-lock.ts';
import type { GatewaySection } from './config/schema.ts';
import type { FlowMessage, GlobMatches, WorkerProblem } from './opcua/protocol.ts';

type Servers = GatewaySection['servers'];

export type BrowseKeeperParts = {
  readonly file: BrowseLockFile;
  readonly lock: BrowseLock;
  readonly log: Logger;
  /** The tags have changed and are to be mapped anew. */
  readonly onChanged: () => Promise<void>;
  readonly say: (server: string, message: FlowMessage) => void;
};

const NAMED = 5;
const placeOf = (equipment: string, glob: string): string => `${equipment} ${glob}`;
const CODE = 'BROWSE_CHANGED';
const TOO_MANY = 'BROWSE_TOO_MANY';

/**
 * Keeps what the globs of plant.yaml have become. What a glob matches at first is locked; later changes are an event, and wait for a
 * person or, where the configuration says so, become tags at once.
 */
export class BrowseKeeper {
  readonly #parts: BrowseKeeperParts;
  /** What waits to be taken over, by server. */
  readonly #proposed = new Map<string, BrowseLock[string]>();
  #lock: BrowseLock;
  #servers: Servers;
  #running: Promise<void> = Promise.resolve();
  /** Globs with a change that waits, by equipment and glob, with the change as it was said. */
  readonly #waiting = new Map<string, string>();

  constructor(parts: BrowseKeeperParts, servers: Servers) {
    this.#parts = parts;
    this.#lock = parts.lock;
    this.#servers = servers;
  }

  /** The servers with all their tags. */
  resolve(servers: Servers): Servers {
    this.#servers = servers;
    return withLockedTags(servers, this.#lock);
  }

  /** What the globs of a server match now. */
  take(server: string, found: readonly GlobMatches[]): void {
    this.#next(() => this.#compare(server, found));
  }

  /** Looks whether a person has taken the proposal over. */
  check(): void {
    this.#next(async () => {
      const { file, onChanged } = this.#parts;
      if (!(await file.isChanged())) return;
      this.#lock = await file.read();
      this.#proposed.clear();
      for (const server of this.#servers) {
        for (const { path, browse = [] } of server.equipment) {
          for (const { glob } of browse) {
            const where = placeOf(path, glob);
            if (this.#waiting.delete(where)) this.#parts.say(server.name, { kind: 'clear', code: CODE, where });
          }
        }
      }
      await onChanged();
    });
  }

  /** Resolves when nothing is under way. */
  settled(): Promise<void> {
    return this.#running;
  }

  #next(step: () => Promise<void>): void {
    this.#running = this.#running.then(step).catch((error: unknown) => {
      this.#parts.log.error({ file: this.#parts.file.file, err: describeError(error) }, 'tags by glob were not kept');
    });
  }

  async #compare(name: string, found: readonly GlobMatches[]): Promise<void> {
    const { file, onChanged } = this.#parts;
    const server = this.#servers.find((candidate) => candidate.name === name);
    if (server === undefined) return;
    const { lock, proposed, changes } = compareMatches(server, found, this.#lock);
    const isNew = lock !== this.#lock;
    if (isNew) {
      await file.write(lock);
      this.#lock = lock;
    }
    const waiting = proposed[name];
    if (waiting !== undefined && changes.some(waits)) this.#proposed.set(name, waiting);
    else this.#proposed.delete(name);
    await file.propose(this.#proposed.size > 0 ? { ...lock, ...Object.fromEntries(this.#proposed) } : null);
    for (const equipment of server.equipment) {
      for (const { glob } of equipment.browse ?? []) {
        const change = changes.find((candidate) => candidate.equipment === equipment.path && candidate.glob === glob);
        const match = found.find(({ key }) => key === `${equipment.path}|${glob}`);
        this.#report(name, placeOf(equipment.path, glob), change, match);
      }
    }
    if (isNew) await onChanged();
  }

  #report(server: string, where: string, change: Change | undefined, match: GlobMatches | undefined): void {
    const say = (message: FlowMessage): void => this.#parts.say(server, message);
    if (match?.isCut === true) say({ kind: 'problem', problem: tooMany(where, match.nodes.length) });
    else if (match !== undefined) say({ kind: 'clear', code: TOO_MANY, where });
    const isWaiting = change !== undefined && waits(change);
    if (!isWaiting && this.#waiting.delete(where)) say({ kind: 'clear', code: CODE, where });
    if (change === undefined) return;
    const message = `glob ${where}: ${describeChange(change)}`;
    if (this.#waiting.get(where) === message) return;
    say({
      kind: 'event',
      event: {
        kind: 'browse-changed',
        severity: isWaiting ? 'medium' : 'info',
        message: message.slice(0, 1024),
        subject: where.slice(0, 512),
        equipment: change.equipment,
        detail: { added: change.added.length, gone: change.gone.length, waits: isWaiting },
      },
    });
    if (!isWaiting) return;
    this.#waiting.set(where, message);
    const { file, proposedFile } = this.#parts.file;
    say({
      kind: 'problem',
      problem: {
        code: CODE,
        severity: 'warning',
        where,
        equipment: change.equipment,
        message,
        remedy: `look at ${proposedFile} and take it over with: mv ${proposedFile} ${file}`,
      },
    });
  }
}

const waits = ({ isTaken, gone }: Change): boolean => !isTaken || gone.length > 0;

const tooMany = (where: string, most: number): WorkerProblem => ({
  code: TOO_MANY,
  severity: 'warning',
  where,
  message: `glob ${where} matches more than ${most} variables; the rest is left out`,
  remedy: 'make the glob narrower, or raise its max',
});

function describeChange({ added, gone, isTaken }: Change): string {
  const list = (tags: readonly { readonly name: string }[]): string =>
    `${tags
      .slice(0, NAMED)
      .map(({ name }) => name)
      .join(', ')}${tags.length > NAMED ? `, … (${tags.length})` : ''}`;
  const parts: string[] = [];
  if (added.length > 0) parts.push(`${isTaken ? 'new tags' : 'new nodes that wait'}: ${list(added)}`);
  if (gone.length > 0) parts.push(`nodes that are gone: ${list(gone)}`);
  return parts.join('; ');
}
