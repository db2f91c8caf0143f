import type { Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type ValueAddedOptions = CommonOptions & { readonly data: string; readonly by: string };

/** `joulegate value-added FILE.csv` */
export function addValueAddedCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('value-added')
      .description('book value added by month from a CSV file, or print the book; nothing is ever taken out of it')
      .argument('[file.csv]', 'columns month,nominal,priceIndex,status,source; left out: print the book')
      .option('--data <folder>', 'data folder', './joulegate-data')
      .option('--by <name>', 'who books', process.env['USER'] ?? 'unknown')
      .addHelpText(
        'after',
        '\nnominal: 10,000 yuan at current prices; priceIndex: 100 = constant-price base year; status: provisional or final\nExample:\n  joulegate value-added 2026.csv --by accounting',
      ),
  ).action(async (file: string | undefined, options: ValueAddedOptions) => {
    const { valueAddedCommand } = await import('../value-added.ts');
    await valueAddedCommand(file, options, context);
  });
}
