import type { Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

const services = {
  gateway: 'read OPC UA servers and publish to the MQTT broker',
  broker: 'the MQTT broker, with users made at first start',
  scoring: 'energy per output, anomalies, store, API and console',
} as const;

export type ServiceOptions = CommonOptions & { readonly config: string; readonly data: string };

/** `joulegate gateway|broker|scoring`: one service alone. */
export function addServiceCommands(program: Command, context: CommandContext): void {
  for (const [name, purpose] of Object.entries(services)) {
    withCommonOptions(
      program
        .command(name)
        .description(purpose)
        .requiredOption('--config <plant.yaml>', 'configuration; only the sections plant and its own are read')
        .option('--data <folder>', 'data folder', './joulegate-data')
        .addHelpText('after', `\nExample:\n  joulegate ${name} --config plant.yaml --data /var/lib/joulegate`),
    ).action(async (options: ServiceOptions) => {
      const { runService } = await import('../service.ts');
      await runService(name as keyof typeof services, options, context);
    });
  }
}
