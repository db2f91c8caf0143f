import { Option, type Command } from 'commander';
import { integer, port, positive } from './arguments.ts';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export type UpOptions = CommonOptions & {
  readonly config?: string;
  readonly demo?: boolean;
  readonly data: string;
  readonly port?: number;
  readonly mqttPort?: number;
  readonly opcuaPort?: number;
  readonly seed?: number;
  readonly speed: number;
  readonly history: string;
  readonly faults: string;
  readonly store: 'embedded' | 'influxdb';
  readonly influxUrl?: string;
  readonly influxDatabase: string;
  readonly influxOrg?: string;
  readonly influxTokenFile?: string;
  readonly influxUsername?: string;
  readonly influxPasswordFile?: string;
};

/** `joulegate up`: everything on one machine. */
export function addUpCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('up')
      .description('start everything on this machine: broker, gateway, scoring with API and console')
      .option('--config <plant.yaml>', 'configuration; the services whose sections it has are started')
      .option('--demo', 'the demo plant: a simulated factory with 30 days of history')
      .option('--data <folder>', 'data folder', './joulegate-data')
      .option('--port <port>', 'API and console, 0 = any free one (default: as configured, 8700)', port)
      .option('--mqtt-port <port>', 'MQTT broker (default: as configured, 1883)', port)
      .option('--opcua-port <port>', 'OPC UA server of the demo plant (default: 4840)', port)
      .option('--seed <number>', 'demo: same seed, same plant (default: 1)', integer)
      .option('--speed <factor>', 'demo: plant time per real time', positive, 1)
      .option('--history <duration>', 'demo: history to fill an empty data folder with', '30d')
      .option('--faults <plan>', 'demo: default, none, or a JSON file with a fault plan', 'default')
      .addOption(new Option('--store <kind>', 'where figures go').choices(['embedded', 'influxdb']).default('embedded'))
      .option('--influx-url <url>', 'InfluxDB address, with --store influxdb')
      .option('--influx-database <name>', 'InfluxDB 1.x database, or bucket of 2.x and 3', 'joulegate')
      .option('--influx-org <name>', 'InfluxDB 2.x organisation')
      .option('--influx-token-file <file>', 'file with the token of InfluxDB 2.x or 3')
      .option('--influx-username <name>', 'InfluxDB 1.x user')
      .option('--influx-password-file <file>', 'file with the password of that user')
      .addHelpText(
        'after',
        '\nExample:\n  joulegate up --demo\n  joulegate up --config plant.yaml --data /var/lib/joulegate\n\nWith --json one line is printed when everything is ready: {"url","token","mqtt","opcua","dataDir"}',
      ),
    'warn',
  ).action(async (options: UpOptions) => {
    const { upCommand } = await import('../up.ts');
    await upCommand(options, context);
  });
}
