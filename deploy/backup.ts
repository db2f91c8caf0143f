import { join, resolve } from 'node:path';
import { backupStore, restoreStore, type BackupManifest } from '../scoring/main.ts';
import type { BackupOptions, RestoreOptions } from './commands/backup.ts';
import type { CommandContext } from './commands/context.ts';

/** Backs up what scoring keeps. @throws JoulegateError STORE_FAILED, USAGE. */
export async function backupCommand(to: string, options: BackupOptions, context: CommandContext): Promise<void> {
  const folder = join(resolve(context.cwd, options.data), 'scoring');
  const manifest = await backupStore({ folder, to: resolve(context.cwd, to), now: context.now() });
  tell('backed up to', to, { manifest, options, context });
}

/** Puts a backup in place. @throws JoulegateError STORE_FAILED, USAGE. */
export async function restoreCommand(from: string, options: RestoreOptions, context: CommandContext): Promise<void> {
  const folder = join(resolve(context.cwd, options.data), 'scoring');
  const replace = options.force === true;
  const manifest = await restoreStore({ from: resolve(context.cwd, from), folder, replace, now: context.now() });
  tell('restored from', from, { manifest, options, context });
}

function tell(
  what: string,
  folder: string,
  { manifest, options, context }: { manifest: BackupManifest; options: BackupOptions; context: CommandContext },
): void {
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const text = `${what} ${folder}: ${manifest.files.length} files, ${(bytes / 1e6).toFixed(1)} MB, as of ${new Date(manifest.at).toISOString()}`;
  context.stdout.write(`${options.json === true ? JSON.stringify(manifest) : text}\n`);
}
