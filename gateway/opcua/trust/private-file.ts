import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';

const LOCK_STEP_MS = 50;
const LOCK_STALE_MS = 60_000;

/** Writes a file of mode 0600 as a whole; readers see the old or the new one. @throws JoulegateError DATA_DIR_UNUSABLE */
export async function writePrivate(path: string, content: string | Buffer): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw unusable(path, error);
  }
}

/** Content of a file, null when there is none. @throws JoulegateError DATA_DIR_UNUSABLE */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(path, error);
  }
}

/**
 * Runs `work` while nobody else does the same with this lock: workers and the command line share the folder.
 * A lock that a killed process left behind is taken over after a minute.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  for (;;) {
    try {
      await mkdir(path);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, error);
      const held = await stat(path).catch(() => null);
      if (held !== null && Date.now() - held.mtimeMs > LOCK_STALE_MS) await rmdir(path).catch(() => undefined);
      else await wait(LOCK_STEP_MS);
    }
  }
  try {
    return await work();
  } finally {
    await rmdir(path).catch(() => undefined);
  }
}

/** An error of the disk as one of ours. */
export function unusable(path: string, cause: unknown): JoulegateError {
  return new JoulegateError(
    'DATA_DIR_UNUSABLE',
    `${path} cannot be used (${describeError(cause)}); give this user the right to read and write there`,
    { cause },
  );
}
