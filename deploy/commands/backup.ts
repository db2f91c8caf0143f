import type { Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type BackupOptions = CommonOptions & { readonly data: string };
export type RestoreOptions = BackupOptions & { readonly force?: boolean };

/** `joulegate backup FOLDER` and `joulegate restore FOLDER` */
export function addBackupCommands(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('backup')
      .description('copy figures, alerts, models and the value-added book to a new folder, also while scoring runs')
      .argument('<folder>', 'folder to make')
      .option('--data <folder>', 'data folder', './joulegate-data')
      .addHelpText('after', '\nExample:\n  joulegate backup /mnt/backup/2026-11-23 --data /var/lib/joulegate'),
  ).action(async (folder: string, options: BackupOptions) => {
    const { backupCommand } = await import('../backup.ts');
    await backupCommand(folder, options, context);
  });
  withCommonOptions(
    program
      .command('restore')
      .description('put a backup in place of the figures; scoring must be stopped')
      .argument('<folder>', 'what joulegate backup made')
      .option('--data <folder>', 'data folder', './joulegate-data')
      .option('--force', 'put figures that are there aside')
      .addHelpText('after', '\nExample:\n  joulegate restore /mnt/backup/2026-11-23 --data /var/lib/joulegate --force'),
  ).action(async (folder: string, options: RestoreOptions) => {
    const { restoreCommand } = await import('../backup.ts');
    await restoreCommand(folder, options, context);
  });
}
