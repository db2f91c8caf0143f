import { InvalidArgumentError, type Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type EvaluateEnergyOptions = CommonOptions & { readonly data: string };

export type EvaluateAnomalyOptions = CommonOptions & { readonly out?: string; readonly seed: number };
export type EvaluateCsvOptions = EvaluateAnomalyOptions & {
  readonly label: string;
  readonly time?: string;
  readonly without?: readonly string[];
  readonly train?: number;
  readonly window: number;
  readonly falseAlarms?: number;
};

/** `joulegate evaluate energy|skab|nab|csv`: recorded data judged without any service. */
export function addEvaluateCommand(program: Command, context: CommandContext): void {
  const evaluate = program
    .command('evaluate')
    .description('judge recorded data without any service running')
    .addHelpText(
      'after',
      '\nExample:\n  joulegate evaluate energy --data plant.csv\n  joulegate evaluate csv machine.csv --label fault',
    );
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
  const bench = (name: 'skab' | 'nab', about: string): void => {
    withAnomalyOptions(evaluate.command(name).description(about).argument('<folder>', 'folder of the benchmark'), name)
      .addHelpText('after', `\nExample:\n  joulegate evaluate ${name} ./${name} --json`)
      .action(async (folder: string, options: EvaluateAnomalyOptions) => {
        const commands = await import('../evaluate-anomaly.ts');
        await (name === 'skab' ? commands.evaluateSkabCommand : commands.evaluateNabCommand)(folder, options, context);
      });
  };
  bench('skab', 'anomaly scores on SKAB: 400 rows of each file train, the rest is judged');
  bench('nab', 'anomaly scores on NAB: streaming, one fixed threshold for all files');
  withAnomalyOptions(
    evaluate
      .command('csv')
      .description('anomaly scores of a recorded CSV file with a label column')
      .argument('<file.csv>', 'one row per instant, one column per sensor')
      .requiredOption(
        '--label <column>',
        'column that is 1 (true, anomaly) where a row is anomalous; never used to score',
      )
      .option('--time <column>', 'column of the time; default: found by its name')
      .option('--without <column...>', 'columns that are no sensors')
      .option(
        '--train <rows>',
        'rows at the start, or their share, that train; default: a fifth, at most 20000',
        number,
      )
      .option('--false-alarms <per week>', 'budget that the limits keep; needs a readable time', number)
      .option('--window <rows>', 'widest softened label border of VUS-PR', number, 100),
    'csv',
  )
    .addHelpText('after', '\nExample:\n  joulegate evaluate csv machine.csv --label fault --train 0.3')
    .action(async (file: string, options: EvaluateCsvOptions) => {
      const { evaluateCsvCommand } = await import('../evaluate-anomaly.ts');
      await evaluateCsvCommand(file, options, context);
    });
}

function withAnomalyOptions(command: Command, name: string): Command {
  return withCommonOptions(
    command
      .option('--out <folder>', `timestamp,score,alarm of every file go here; default: ./evaluation/${name}`)
      .option('--seed <number>', 'seed of the random row', number, 1),
  );
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('it is no number of 0 or more');
  return value;
}
