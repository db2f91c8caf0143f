import { Argument, Option, type Command } from 'commander';
import { withCommonOptions, type CommandContext, type CommonOptions } from './context.ts';

export const importKinds = ['published-nodes', 'telegraf', 'csv'] as const;
export type ImportKind = (typeof importKinds)[number];

export type ImportCommandOptions = CommonOptions & {
  readonly output?: string;
  readonly force?: boolean;
  readonly enterprise: string;
  readonly site: string;
  readonly timezone: string;
  readonly endpoint?: string;
  readonly prefix?: string;
  readonly connect?: boolean;
  readonly trust: 'pinned' | 'first-use';
  readonly data: string;
};

/** `joulegate import published-nodes|telegraf|csv FILE` */
export function addImportCommand(program: Command, context: CommandContext): void {
  withCommonOptions(
    program
      .command('import')
      .description('make a plant.yaml of the configuration of another gateway, and say what was not carried over')
      .addArgument(new Argument('<kind>', 'what the file is').choices(importKinds))
      .argument('<file>', 'OPC Publisher JSON, telegraf TOML, or CSV (also of UaExpert and Kepware)')
      .option('-o, --output <plant.yaml>', 'write it here; default: print it')
      .option('--force', 'replace the file when it exists')
      .option('--connect', 'ask each server which namespace is behind an index (ns=)')
      .addOption(
        new Option('--trust <how>', 'first-use pins the certificate an unknown server shows now')
          .choices(['pinned', 'first-use'])
          .default('pinned'),
      )
      .option('--data <folder>', "data folder; the gateway's certificate and pins are used", './joulegate-data')
      .option('--endpoint <url>', 'csv: server of rows that name none')
      .option('--prefix <channel.device>', 'csv: channel and device of a Kepware export')
      .option('--enterprise <name>', 'ISA-95 enterprise', 'my-enterprise')
      .option('--site <name>', 'ISA-95 site', 'my-site')
      .option('--timezone <zone>', 'IANA time zone of the plant', 'Asia/Shanghai')
      .addHelpText(
        'after',
        '\nExample:\n  joulegate import published-nodes pn.json -o plant.yaml --connect\n  joulegate import csv tags.csv --endpoint opc.tcp://press-3:4840',
      ),
  ).action(async (kind: ImportKind, file: string, options: ImportCommandOptions) => {
    const { importCommand } = await import('../import.ts');
    await importCommand(kind, file, options, context);
  });
}
