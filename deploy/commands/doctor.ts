import type { Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type DoctorOptions = CommonOptions & { readonly config?: string; readonly data: string };

/** `joulegate doctor`: is this machine ready? */
export function addDoctorCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('doctor')
      .description('is this machine ready? Node, TensorFlow, disk, ports, configuration')
      .option('--config <plant.yaml>', 'also check this configuration')
      .option('--data <folder>', 'data folder', './joulegate-data')
      .addHelpText('after', '\nExample:\n  joulegate doctor --config plant.yaml'),
  ).action(async (options: DoctorOptions) => {
    const { doctorCommand } = await import('../doctor.ts');
    await doctorCommand(options, context);
  });
}
