import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describeError, JoulegateError } from '../broker/contract/error.ts';

export type ServiceName = 'broker' | 'gateway' | 'scoring';
export type Credentials = { readonly username: string; readonly password: string };

/** The folder a plant keeps everything in: mode 0700, secrets inside 0600. */
export type DataDir = {
  /** Absolute. */
  readonly path: string;
  /** Absolute path of something inside. */
  readonly at: (...parts: readonly string[]) => string;
};

/**
 * Creates the folder with its `credentials` folder where they are missing and proves that it can be written.
 * A folder that is empty or already holds credentials is closed to other users; any other existing one keeps its mode.
 * @throws JoulegateError DATA_DIR_UNUSABLE
 */
export async function openDataDir(folder: string): Promise<DataDir> {
  const path = resolve(folder);
  try {
    const created = await mkdir(path, { recursive: true, mode: 0o700 });
    const entries = await readdir(path);
    if (created === undefined && (entries.length === 0 || entries.includes('credentials'))) await closeToOthers(path);
    await mkdir(join(path, 'credentials'), { recursive: true, mode: 0o700 });
    const probe = join(path, `.write-${randomUUID()}`);
    await writeFile(probe, '', { mode: 0o600 });
    await rm(probe);
  } catch (error) {
    throw unusable(path, error);
  }
  return { path, at: (...parts) => join(path, ...parts) };
}

const closeToOthers = async (path: string): Promise<void> => {
  const { mode, uid } = await stat(path);
  if ((mode & 0o077) !== 0 && uid === process.getuid?.()) await chmod(path, 0o700);
};

const unusable = (path: string, cause: unknown): JoulegateError =>
  new JoulegateError(
    'DATA_DIR_UNUSABLE',
    `data folder ${path} cannot be used (${describeError(cause)}); name one that this user may write to with --data`,
    { cause },
  );

/** Folder of one service below the data folder, created with mode 0700. @throws JoulegateError DATA_DIR_UNUSABLE */
export async function serviceDir(dataDir: DataDir, service: ServiceName | 'simulator'): Promise<string> {
  const path = dataDir.at(service);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(path, error);
  }
  return path;
}

/** Writes a file with mode 0600 as a whole: readers see the old or the new one. @throws JoulegateError DATA_DIR_UNUSABLE */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw unusable(path, error);
  }
}

/** The API token (256 bit, base64url), created at first use in `credentials/api-token`. @throws JoulegateError DATA_DIR_UNUSABLE */
export async function apiToken(dataDir: DataDir): Promise<string> {
  const path = dataDir.at('credentials', 'api-token');
  const known = await textOf(path);
  if (known !== null && known.trim() !== '') return known.trim();
  const token = randomBytes(32).toString('base64url');
  await writePrivateFile(path, `${token}\n`);
  return token;
}

const credentialsFile = (dataDir: DataDir, principal: string): string => dataDir.at('credentials', `${principal}.json`);

/** Keeps the user name and password of a principal. */
export async function writeCredentials(dataDir: DataDir, credentials: Credentials): Promise<void> {
  await writePrivateFile(credentialsFile(dataDir, credentials.username), `${JSON.stringify(credentials)}\n`);
}

/** What `writeCredentials` kept, or null. @throws JoulegateError CONFIG_INVALID when the file holds something else. */
export async function readCredentials(dataDir: DataDir, principal: string): Promise<Credentials | null> {
  const path = credentialsFile(dataDir, principal);
  const text = await textOf(path);
  if (text === null) return null;
  try {
    const { username, password } = JSON.parse(text) as Record<string, unknown>;
    if (typeof username === 'string' && typeof password === 'string') return { username, password };
  } catch {
    // Falls through to the one message for every broken file.
  }
  throw new JoulegateError(
    'CONFIG_INVALID',
    `${path} does not hold {"username","password"}; restore it, or remove the file and the user from broker/users.json and start "joulegate broker" to make both anew`,
  );
}

const textOf = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(path, error);
  }
};
