import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { describeError, JoulegateError } from '../broker/contract/error.ts';

const LockedTag = Type.Object({ name: Type.String(), nodeId: Type.String() });
export type LockedTag = Static<typeof LockedTag>;

/** What the globs of plant.yaml have become: tags by server and by `<equipment path>|<glob>`. */
const BrowseLock = Type.Record(Type.String(), Type.Record(Type.String(), Type.Array(LockedTag)));
export type BrowseLock = Static<typeof BrowseLock>;

const checkLock = Compile(BrowseLock);

/** The lock file of a gateway, and beside it the one that waits to be taken over. */
export class BrowseLockFile {
  readonly file: string;
  readonly proposedFile: string;
  #readAt = 0;

  constructor(dataDir: string) {
    this.file = join(dataDir, 'browse.lock.json');
    this.proposedFile = join(dataDir, 'browse.proposed.json');
  }

  /** @throws JoulegateError CONFIG_UNREADABLE for a file that is no lock file. */
  async read(): Promise<BrowseLock> {
    let text: string;
    try {
      this.#readAt = (await stat(this.file)).mtimeMs;
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw this.#unreadable(describeError(error), error);
    }
    let lock: unknown;
    try {
      lock = JSON.parse(text);
    } catch (error) {
      throw this.#unreadable(describeError(error), error);
    }
    if (!checkLock.Check(lock)) throw this.#unreadable('it does not hold tags by server and glob');
    return lock;
  }

  async write(lock: BrowseLock): Promise<void> {
    await replace(this.file, lock);
    this.#readAt = (await stat(this.file)).mtimeMs;
  }

  /** Puts a lock aside for a person to take over; null when there is nothing to take over. */
  async propose(lock: BrowseLock | null): Promise<void> {
    if (lock === null) await rm(this.proposedFile, { force: true });
    else await replace(this.proposedFile, lock);
  }

  /** Whether somebody else has written the file since it was read. */
  async isChanged(): Promise<boolean> {
    const modified = await stat(this.file).then(
      ({ mtimeMs }) => mtimeMs,
      () => this.#readAt,
    );
    return modified !== this.#readAt;
  }

  #unreadable(reason: string, cause?: unknown): JoulegateError {
    return new JoulegateError(
      'CONFIG_UNREADABLE',
      `lock file ${this.file}: ${reason}; mend it, or remove it to have the globs of plant.yaml looked up anew`,
      { cause },
    );
  }
}

async function replace(file: string, lock: BrowseLock): Promise<void> {
  const draft = `${file}.tmp`;
  await writeFile(draft, `${JSON.stringify(lock, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
}
