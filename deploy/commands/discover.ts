import type { Command } from 'commander';
import { positive } from './arguments.ts';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';
import { withServerOptions, type ServerOptions } from './server-options.ts';

export type DiscoverCommandOptions = CommonOptions &
  ServerOptions & {
    readonly output?: string;
    readonly force?: boolean;
    readonly compare?: string;
    readonly enterprise: string;
    readonly site: string;
    readonly timezone: string;
    readonly depth: number;
    readonly maxNodes: number;
  };

/** `joulegate discover opc.tcp://…` */
export function addDiscoverCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    withServerOptions(
      program
        .command('discover')
        .description('propose a plant.yaml for an OPC UA server, each tag with how sure it is and why')
        .argument('<endpoint>', 'e.g. opc.tcp://press-3:4840')
        .option('-o, --output <plant.yaml>', 'write it here; default: print it')
        .option('--force', 'replace the file when it exists')
        .option('--compare <plant.yaml>', 'only show what the server has that this file has not, and what is gone')
        .option('--enterprise <name>', 'ISA-95 enterprise', 'my-enterprise')
        .option('--site <name>', 'ISA-95 site', 'my-site')
        .option('--timezone <zone>', 'IANA time zone of the plant', 'Asia/Shanghai')
        .option('--depth <levels>', 'levels below Objects', positive, 20)
        .option('--max-nodes <number>', 'stop after so many nodes', positive, 100_000)
        .addHelpText(
          'after',
          '\nExample:\n  joulegate discover opc.tcp://press-3:4840 -o plant.yaml\n  joulegate discover opc.tcp://press-3:4840 --compare plant.yaml',
        ),
    ),
  ).action(async (endpoint: string, options: DiscoverCommandOptions) => {
    const { discoverCommand } = await import('../discover.ts');
    await discoverCommand(endpoint, options, context);
  });
}
