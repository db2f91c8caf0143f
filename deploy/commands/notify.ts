import type { Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type NotifyOptions = CommonOptions & { readonly config: string };

/** `joulegate notify`: does everybody get their notifications? */
export function addNotifyCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('notify')
      .description('send a test message to every recipient of scoring.notifications and say who got it')
      .requiredOption('--config <plant.yaml>', 'configuration')
      .addHelpText('after', '\nExample:\n  joulegate notify --config plant.yaml'),
  ).action(async (options: NotifyOptions) => {
    const { notifyCommand } = await import('../notify.ts');
    await notifyCommand(options, context);
  });
}
