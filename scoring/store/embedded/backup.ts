import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';
import { migrations, schemaVersion } from './schema.ts';

export type BackedUpFile = { readonly name: string; readonly bytes: number; readonly sha256: string };

/** What a backup says of itself, in `manifest.json`. */
export type BackupManifest = {
  readonly format: 1;
  /** Schema of `joulegate.db`. */
  readonly schema: number;
  /** Epoch ms. */
  readonly at: number;
  readonly files: readonly BackedUpFile[];
};

const STORE = 'joulegate.db';
const DATABASES: readonly string[] = [STORE, 'influx-queue.db'];
const MANIFEST = 'manifest.json';
const BUSY_MS = 5000;

/**
 * Copies the store, the queue of InfluxDB, models and the book of value added into a new folder. The service may go on
 * writing: each database is copied as of one instant (SQLite's VACUUM INTO, one read transaction), checked and synced.
 * The folder appears whole or not at all. @throws JoulegateError STORE_FAILED, USAGE when `to` exists.
 */
export async function backupStore({
  folder,
  to,
  now,
}: {
  /** The data folder of scoring. */
  readonly folder: string;
  readonly to: string;
  readonly now: number;
}): Promise<BackupManifest> {
  if (await exists(to)) throw new JoulegateError('USAGE', `${to} exists; name a folder that does not exist yet`);
  if (!(await exists(join(folder, STORE))))
    throw new JoulegateError('STORE_FAILED', `no store in ${folder}; name the data folder of the plant with --data`);
  const draft = `${to}.part`;
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true, mode: 0o700 });
    let schema = 0;
    for (const name of DATABASES) {
      if (!(await exists(join(folder, name)))) continue;
      const version = snapshot(join(folder, name), join(draft, name));
      if (name === STORE) schema = version;
    }
    for (const name of await plainFiles(folder)) {
      await mkdir(dirname(join(draft, name)), { recursive: true, mode: 0o700 });
      await copyFile(join(folder, name), join(draft, name));
    }
    const files: BackedUpFile[] = [];
    for (const name of await filesBelow(draft)) {
      await sync(join(draft, name));
      files.push({ name, ...(await digest(join(draft, name))) });
    }
    const manifest: BackupManifest = { format: 1, schema, at: now, files };
    await writeFile(join(draft, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    await sync(join(draft, MANIFEST));
    await rename(draft, to);
    await sync(dirname(to));
    return manifest;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw failed(`${folder} cannot be backed up to ${to}`, error, 'free disk space and check permissions');
  }
}

/**
 * Puts a backup in the place of what the data folder of scoring holds; that goes to `<folder>/before-restore-…`. Every
 * file is checked against the manifest first, and a store that a process has open is left alone.
 * @throws JoulegateError STORE_FAILED, or USAGE when there is a store and `replace` is false.
 */
export async function restoreStore({
  from,
  folder,
  replace,
  now,
}: {
  readonly from: string;
  readonly folder: string;
  readonly replace: boolean;
  readonly now: number;
}): Promise<BackupManifest> {
  const manifest = await readManifest(from);
  for (const { name, sha256 } of manifest.files) {
    const found = await digest(join(from, name)).catch(() => null);
    if (found?.sha256 !== sha256)
      throw new JoulegateError(
        'STORE_FAILED',
        `${join(from, name)} is missing or not what was backed up; take another backup`,
      );
  }
  const store = join(folder, STORE);
  if (await exists(store)) {
    if (!replace)
      throw new JoulegateError('USAGE', `${store} exists; add --force to put it aside and restore in its place`);
    for (const name of DATABASES) if (await exists(join(folder, name))) claim(join(folder, name));
  }
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const draft = join(folder, 'restore.part');
    await rm(draft, { recursive: true, force: true });
    for (const { name } of manifest.files) {
      await mkdir(dirname(join(draft, name)), { recursive: true, mode: 0o700 });
      await copyFile(join(from, name), join(draft, name));
      await sync(join(draft, name));
    }
    const aside = join(folder, `before-restore-${new Date(now).toISOString().replaceAll(':', '')}`);
    for (const name of [
      ...DATABASES.flatMap((name) => [name, `${name}-wal`, `${name}-shm`]),
      ...(await plainFiles(folder)),
    ]) {
      if (!(await exists(join(folder, name)))) continue;
      await mkdir(dirname(join(aside, name)), { recursive: true, mode: 0o700 });
      await rename(join(folder, name), join(aside, name));
    }
    for (const { name } of manifest.files) {
      await mkdir(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
      await rename(join(draft, name), join(folder, name));
    }
    await rm(draft, { recursive: true });
    await sync(folder);
    return manifest;
  } catch (error) {
    throw failed(
      `${from} cannot be restored to ${folder}`,
      error,
      'free disk space, check permissions and restore again',
    );
  }
}

/** @returns the schema version of the copy. */
function snapshot(file: string, copy: string): number {
  using database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
  database.prepare('VACUUM INTO ?').run(copy);
  using made = new DatabaseSync(copy, { readOnly: true });
  const verdict = String(made.prepare('PRAGMA quick_check(1)').get()?.['quick_check']);
  if (verdict !== 'ok') throw new Error(`the copy of ${file} is damaged: ${verdict}`);
  return schemaVersion(made);
}

/** Leaving WAL mode needs the file alone: it fails while any process has it open. */
function claim(file: string): void {
  try {
    using database = new DatabaseSync(file, { timeout: 500 });
    database.exec('PRAGMA journal_mode=DELETE');
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === 5)
      throw new JoulegateError('STORE_FAILED', `${file} is in use; stop scoring first`, { cause: error });
    // A damaged file is what a restore is for.
  }
}

async function readManifest(from: string): Promise<BackupManifest> {
  let manifest: BackupManifest;
  try {
    manifest = JSON.parse(await readFile(join(from, MANIFEST), 'utf8')) as BackupManifest;
  } catch (error) {
    throw failed(`${from} is no backup`, error, 'name the folder that joulegate backup made');
  }
  const names = Array.isArray(manifest.files) ? manifest.files.map(({ name }) => name) : [];
  const known = (name: unknown): boolean =>
    typeof name === 'string' && (DATABASES.includes(name) || isPlain(name)) && !name.split(/[/\\]/).includes('..');
  if (manifest.format !== 1 || !names.includes(STORE) || !names.every(known))
    throw new JoulegateError('STORE_FAILED', `${join(from, MANIFEST)} is not of a backup this release knows`);
  if (manifest.schema > migrations.length)
    throw new JoulegateError(
      'STORE_FAILED',
      `${from} has schema version ${manifest.schema}, this release knows ${migrations.length}; restore with the release that made it`,
    );
  return manifest;
}

const isPlain = (name: string): boolean => /^(?:value-added\.jsonl|alert-trail\.jsonl|models\/[^/]+\.json)$/.test(name);

async function plainFiles(folder: string): Promise<string[]> {
  return (await filesBelow(folder)).filter(isPlain);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll(sep, '/'),
    )
    .sort();
}

async function digest(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return { bytes: (await stat(file)).size, sha256: hash.digest('hex') };
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

function failed(what: string, error: unknown, remedy: string): JoulegateError {
  if (error instanceof JoulegateError) return error;
  return new JoulegateError('STORE_FAILED', `${what}: ${describeError(error)}; ${remedy}`, { cause: error });
}
