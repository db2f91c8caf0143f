import type { Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type CheckOptions = CommonOptions & {
  readonly printSchema?: boolean;
  readonly connect?: boolean;
  readonly data: string;
};

/** `joulegate check plant.yaml` */
export function addCheckCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('check')
      .description('is a plant.yaml right? Prints OK with counts, or every error with its line')
      .argument('[plant.yaml]', 'file to check')
      .option('--connect', 'sign in to every server and read every node once')
      .option('--data <folder>', "data folder; the gateway's certificate and pins are used", './joulegate-data')
      .option('--print-schema', 'print the JSON Schema of plant.yaml and end')
      .addHelpText(
        'after',
        '\nExample:\n  joulegate check plant.yaml\n  joulegate check plant.yaml --connect\n  joulegate check --print-schema > plant.schema.json',
      ),
  ).action(async (file: string | undefined, options: CheckOptions) => {
    const { checkCommand } = await import('../check.ts');
    await checkCommand(file, options, context);
  });
}
