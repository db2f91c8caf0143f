import type { Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type ValueAddedOptions = CommonOptions & { readonly data: string; readonly by: string };

/** `joulegate value-added FILE.csv`: monthly value added into the audited book of a plant. */
export function addValueAddedCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('value-added')
      .description('book monthly value added from a CSV file, for energy per value added')
      .argument('<file.csv>', 'columns month, nominal (10⁴ yuan), priceIndex (100 = base), status, source')
      .requiredOption('--by <name>', 'who books it; kept in the book for audit')
      .option('--data <folder>', 'data folder of the plant', './joulegate-data')
      .addHelpText('after', '\nExample:\n  joulegate value-added accounts-2026.csv --by "Li Wei"'),
  ).action(async (file: string, options: ValueAddedOptions) => {
    const { valueAddedCommand } = await import('../value-added.ts');
    await valueAddedCommand(file, options, context);
  });
}
