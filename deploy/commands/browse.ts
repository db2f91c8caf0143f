import type { Command } from 'commander';
import { positive } from './arguments.ts';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';
import { withServerOptions, type ServerOptions } from './server-options.ts';

export type BrowseOptions = CommonOptions &
  ServerOptions & {
    readonly path?: string;
    readonly filter?: string;
    readonly depth: number;
    readonly maxNodes: number;
  };

/** `joulegate browse opc.tcp://…` */
export function addBrowseCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    withServerOptions(
      program
        .command('browse')
        .description('show what an OPC UA server offers: node ids, types, values and units')
        .argument('<endpoint>', 'e.g. opc.tcp://press-3:4840')
        .option('--path <path>', 'start here: a node id with nsu=, or browse names with / between them')
        .option('--filter <glob>', 'only paths that match, e.g. "Line1/*/Energy*", or names, e.g. "*Energy*"')
        .option('--depth <levels>', 'levels below the start', positive, 20)
        .option('--max-nodes <number>', 'stop after so many nodes', positive, 100_000)
        .addHelpText(
          'after',
          '\nExample:\n  joulegate browse opc.tcp://press-3:4840 --filter "*Energy*"\n  joulegate browse opc.tcp://press-3:4840 --path "Line1/Press3" --depth 2 --json',
        ),
    ),
  ).action(async (endpoint: string, options: BrowseOptions) => {
    const { browseCommand } = await import('../browse.ts');
    await browseCommand(endpoint, options, context);
  });
}
