import { Argument, Option, type Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type ExportDataOptions = CommonOptions & {
  readonly data: string;
  readonly output: string;
  readonly format?: 'csv' | 'parquet';
  readonly window: '1m' | '15m' | '1h' | '1d';
  readonly path: string;
  readonly from?: string;
  readonly to?: string;
};

/** `joulegate export-data windows -o FILE` */
export function addExportDataCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('export-data')
      .description('write figures of any range as CSV or Parquet, also while scoring runs')
      .addArgument(new Argument('<kind>', 'what to write').choices(['windows', 'scores']))
      .requiredOption('-o, --output <file>', 'file to write')
      .addOption(new Option('--format <format>', 'default: by the name of the file').choices(['csv', 'parquet']))
      .addOption(
        new Option('--window <size>', 'length of the windows').choices(['1m', '15m', '1h', '1d']).default('1h'),
      )
      .option('--path <path>', 'only this object and what lies below it', '')
      .option('--from <instant>', 'ISO 8601, a date alone is UTC; default: the first row')
      .option('--to <instant>', 'exclusive; default: now and what comes')
      .option('--data <folder>', 'data folder', './joulegate-data')
      .addHelpText(
        'after',
        '\nExample:\n  joulegate export-data windows --window 1d --from 2026-01-01 -o year.parquet',
      ),
  ).action(async (kind: 'windows' | 'scores', options: ExportDataOptions) => {
    const { exportDataCommand } = await import('../export-data.ts');
    await exportDataCommand(kind, options, context);
  });
}
