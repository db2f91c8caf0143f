import type { Command } from 'commander';
import { port, positive } from './arguments.ts';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type ReplayOptions = CommonOptions & {
  readonly map: string;
  readonly speed: number;
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly writeConfig?: string;
  readonly exitWhenDone?: boolean;
};

/** `joulegate replay FILE.csv`: recorded data as an OPC UA server. */
export function addReplayCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('replay')
      .description('serve a recorded file as an OPC UA server, with the recorded times as source timestamps')
      .argument('<file.csv>', 'recorded rows')
      .requiredOption('--map <map.yaml>', 'which column is which tag of which equipment')
      .option('--speed <factor>', 'recorded time per real time', positive, 1)
      .option('--host <address>', 'address to listen on', '127.0.0.1')
      .option('--port <port>', 'OPC UA port, 0 = any free one', port, 4840)
      .option('--data <folder>', 'data folder', './joulegate-data')
      .option('--write-config <plant.yaml>', 'write a plant.yaml that reads this server')
      .option('--exit-when-done', 'end after the last row instead of keeping its values')
      .addHelpText(
        'after',
        '\nExample:\n  joulegate replay factory.csv --map factory.map.yaml --speed 600 --write-config plant.yaml',
      ),
  ).action(async (file: string, options: ReplayOptions) => {
    const { replayCommand } = await import('../replay.ts');
    await replayCommand(file, options, context);
  });
}
