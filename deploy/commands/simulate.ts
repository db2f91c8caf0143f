import type { Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';
import { integer, port, positive } from './arguments.ts';

export type SimulateOptions = CommonOptions & {
  readonly host: string;
  readonly port: number;
  readonly seed: number;
  readonly startAt?: string;
  readonly liveFrom?: string;
  readonly speed: number;
  readonly faults: string;
  readonly groundTruth?: string;
  readonly data: string;
};

/** `joulegate simulate`: the demo plant as an OPC UA server. */
export function addSimulateCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('simulate')
      .description('serve the demo plant as an OPC UA server')
      .option('--host <address>', 'address to listen on', '127.0.0.1')
      .option('--port <port>', 'OPC UA port, 0 = any free one', port, 4840)
      .option('--seed <number>', 'same seed, same plant', integer, 1)
      .option('--start-at <time>', 'ISO time at which the plant was new; default: midnight (UTC) of today')
      .option('--live-from <time>', 'ISO time the server starts at; default: now')
      .option('--speed <factor>', 'plant time per real time', positive, 1)
      .option('--faults <plan>', 'default, none, or a JSON file with a fault plan', 'default')
      .option('--ground-truth <file>', 'append what was injected and when as JSON lines')
      .option('--data <folder>', 'data folder', './joulegate-data')
      .addHelpText('after', '\nExample:\n  joulegate simulate --port 4840 --seed 7 --faults none'),
  ).action(async (options: SimulateOptions) => {
    const { simulateCommand } = await import('../simulate.ts');
    await simulateCommand(options, context);
  });
}
