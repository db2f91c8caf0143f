import type { Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type EvaluateEnergyOptions = CommonOptions & { readonly data: string };

/** `joulegate evaluate energy --data FILE`: the verdict on a recorded file, without any service. */
export function addEvaluateCommand(program: Command, context: CommandContext): void {
  const evaluate = program
    .command('evaluate')
    .description('judge recorded data without any service running')
    .addHelpText('after', '\nExample:\n  joulegate evaluate energy --data plant.csv');
  withCommonOptions(
    evaluate
      .command('energy')
      .description('energy per output of a recorded CSV file: raw, load-adjusted, and whether a saving is proven')
      .requiredOption('--data <file.csv>', 'recorded rows; known layouts are in seeds/records')
      .addHelpText('after', '\nExample:\n  joulegate evaluate energy --data wastewater.csv --json'),
  ).action(async (options: EvaluateEnergyOptions) => {
    const { evaluateEnergyCommand } = await import('../evaluate.ts');
    await evaluateEnergyCommand(options, context);
  });
}
