import type { Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

/** `joulegate check plant.yaml` */
export function addCheckCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('check')
      .description('is a plant.yaml right? Prints OK with counts, or every error with its line')
      .argument('[plant.yaml]', 'file to check')
      .option('--print-schema', 'print the JSON Schema of plant.yaml and end')
      .addHelpText(
        'after',
        '\nExample:\n  joulegate check plant.yaml\n  joulegate check --print-schema > plant.schema.json',
      ),
  ).action(async (file: string | undefined, options: CommonOptions & { readonly printSchema?: boolean }) => {
    const { checkCommand } = await import('../check.ts');
    await checkCommand(file, options, context);
  });
}
