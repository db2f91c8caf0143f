import { Option, type Command } from 'commander';
import { integer, positive } from './arguments.ts';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type TrainOptions = CommonOptions & {
  readonly equipment?: string;
  readonly from?: string;
  readonly to?: string;
  readonly kind: 'dense' | 'temporal';
  readonly seed: number;
  readonly steps?: number;
  readonly backend?: 'tfjs-node' | 'wasm' | 'cpu';
  readonly falseAlarms: number;
  readonly by: string;
  readonly data: string;
};

export type ModelsOptions = CommonOptions & { readonly data: string };
export type ModelsListOptions = ModelsOptions & { readonly equipment?: string };
export type ModelsChangeOptions = ModelsOptions & { readonly by: string; readonly force?: boolean };

const user = process.env['USER'] ?? 'unknown';

/** `joulegate train` and `joulegate models list|activate|rollback`; scoring may run meanwhile. */
export function addTrainCommands(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('train')
      .description('train an autoencoder of each machine from the stored sensor rows; it then runs in shadow')
      .option('--equipment <path>', 'only this machine; default: all that have rows')
      .option('--from <instant>', 'first row, e.g. 2026-10-01; default: the oldest')
      .option('--to <instant>', 'before this; default: now')
      .addOption(
        new Option('--kind <kind>', 'row by row, or windows of rows').choices(['dense', 'temporal']).default('dense'),
      )
      .option('--seed <number>', 'same seed, rows and backend: same model', integer, 1)
      .option('--steps <number>', 'gradient steps of each of the four networks; default: 800', positive)
      .addOption(new Option('--backend <name>', 'only this backend').choices(['tfjs-node', 'wasm', 'cpu']))
      .option('--false-alarms <number>', 'alarms per machine and week that are put up with', positive, 1)
      .option('--by <name>', 'who trains', user)
      .option('--data <folder>', 'data folder', './joulegate-data')
      .addHelpText('after', '\nExample:\n  joulegate train --equipment stamping/press-line/press-1 --from 2026-10-01'),
  ).action(async (options: TrainOptions) => {
    const { trainCommand } = await import('../train.ts');
    await trainCommand(options, context);
  });
  const models = program
    .command('models')
    .description('trained models: list them, take one into use, take the one before back')
    .addHelpText('after', '\nExample:\n  joulegate models activate stamping/press-line/press-1 2 --by ann');
  withCommonOptions(
    models
      .command('list')
      .description('all versions with their state, training and shadow run')
      .option('--equipment <path>', 'only this machine')
      .option('--data <folder>', 'data folder', './joulegate-data')
      .addHelpText('after', '\nExample:\n  joulegate models list --json'),
  ).action(async (options: ModelsListOptions) => {
    const { listModelsCommand } = await import('../models.ts');
    await listModelsCommand(options, context);
  });
  withCommonOptions(
    models
      .command('activate')
      .description('take a version into use after its shadow run')
      .argument('<equipment>', 'path of the machine')
      .argument('<version>', 'number of the version', integer)
      .option('--force', 'also without a shadow run')
      .option('--by <name>', 'who decides', user)
      .option('--data <folder>', 'data folder', './joulegate-data')
      .addHelpText('after', '\nExample:\n  joulegate models activate stamping/press-line/press-1 2'),
  ).action(async (path: string, version: number, options: ModelsChangeOptions) => {
    const { activateModelCommand } = await import('../models.ts');
    await activateModelCommand(path, version, options, context);
  });
  withCommonOptions(
    models
      .command('rollback')
      .description('take the version that was in use before back into use')
      .argument('<equipment>', 'path of the machine')
      .option('--by <name>', 'who decides', user)
      .option('--data <folder>', 'data folder', './joulegate-data')
      .addHelpText('after', '\nExample:\n  joulegate models rollback stamping/press-line/press-1'),
  ).action(async (path: string, options: ModelsChangeOptions) => {
    const { rollbackModelCommand } = await import('../models.ts');
    await rollbackModelCommand(path, options, context);
  });
}
