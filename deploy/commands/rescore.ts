import { Option, type Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type RescoreOptions = CommonOptions & {
  readonly config?: string;
  readonly data: string;
  readonly from: string;
  readonly to?: string;
  readonly path: string;
  readonly only?: 'scores' | 'conversions';
};

/** `joulegate rescore --from 2026-11-01` */
export function addRescoreCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('rescore')
      .description(
        'score and convert history anew with the models, factors and tariff of today; what was there stays as an earlier revision',
      )
      .requiredOption('--from <instant>', 'ISO 8601, a date alone is local to the plant')
      .option('--to <instant>', 'exclusive; default: now')
      .option('--path <path>', 'only this object and what lies below it', '')
      .addOption(new Option('--only <what>', 'default: both').choices(['scores', 'conversions']))
      .option('--config <file>', 'plant.yaml; default: the one in the data folder')
      .option('--data <folder>', 'data folder; scoring may run meanwhile', './joulegate-data')
      .addHelpText('after', '\nExample:\n  joulegate rescore --from 2026-11-01 --path stamping'),
  ).action(async (options: RescoreOptions) => {
    const { rescoreCommand } = await import('../rescore.ts');
    await rescoreCommand(options, context);
  });
}
