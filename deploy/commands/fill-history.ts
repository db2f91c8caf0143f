import type { Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type FillHistoryOptions = CommonOptions & { readonly config: string; readonly data: string };

/** Not listed: the child of `joulegate up --demo` that fills the history, so that a stop need not wait for it. */
export function addFillHistoryCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('fill-history', { hidden: true })
      .description('fill the history of the demo plant; part of "joulegate up --demo"')
      .requiredOption('--config <plant.yaml>', 'configuration')
      .option('--data <folder>', 'data folder', './joulegate-data')
      .addHelpText('after', '\nExample:\n  joulegate fill-history --config joulegate-data/plant.yaml'),
  ).action(async (options: FillHistoryOptions) => {
    const { fillHistoryCommand } = await import('../fill-history.ts');
    await fillHistoryCommand(options, context);
  });
}
