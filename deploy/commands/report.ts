import { Option, type Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type ReportOptions = CommonOptions & {
  readonly month?: string;
  readonly format: 'xlsx' | 'pdf' | 'csv';
  readonly lang: 'zh' | 'en';
  readonly out?: string;
  readonly config?: string;
  readonly data: string;
};

/** `joulegate report --month 2026-10`: the month report of a data folder, whether scoring runs or not. */
export function addReportCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('report')
      .description('write the month report as XLSX, PDF or CSV; scoring may run meanwhile')
      .option('--month <YYYY-MM>', 'month; default: the last complete one')
      .addOption(new Option('--format <format>', 'form of the file').choices(['xlsx', 'pdf', 'csv']).default('xlsx'))
      .addOption(new Option('--lang <language>', 'language').choices(['zh', 'en']).default('zh'))
      .option('--out <file>', 'write it here; default: joulegate-MONTH.LANG.FORMAT in this folder')
      .option('--config <plant.yaml>', 'configuration; default: plant.yaml of the data folder')
      .option('--data <folder>', 'data folder', './joulegate-data')
      .addHelpText('after', '\nExample:\n  joulegate report --month 2026-10 --format pdf --lang zh --out october.pdf'),
  ).action(async (options: ReportOptions) => {
    const { reportCommand } = await import('../report.ts');
    await reportCommand(options, context);
  });
}
