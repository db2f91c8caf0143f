import { Argument, type Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type ExportCommandOptions = CommonOptions & { readonly output?: string; readonly force?: boolean };

/** `joulegate export published-nodes plant.yaml` */
export function addExportCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('export')
      .description('write the tags of a plant.yaml for another gateway')
      .addArgument(new Argument('<kind>', 'what to write').choices(['published-nodes']))
      .argument('<plant.yaml>', 'configuration file')
      .option('-o, --output <file>', 'write it here; default: print it')
      .option('--force', 'replace the file when it exists')
      .addHelpText('after', '\nExample:\n  joulegate export published-nodes plant.yaml -o pn.json'),
  ).action(async (_kind: string, file: string, options: ExportCommandOptions) => {
    const { exportCommand } = await import('../export.ts');
    await exportCommand(file, options, context);
  });
}
