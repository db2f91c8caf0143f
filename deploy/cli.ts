import { constants } from 'node:os';
import { Command, CommanderError } from 'commander';
import { describeError, errorCodes, JoulegateError } from '../broker/contract/error.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addBrowseCommand } from './commands/browse.ts';
import { addCertCommand } from './commands/cert.ts';
import { addCheckCommand } from './commands/check.ts';
import type { CommandContext } from './commands/context.ts';
import { addDiscoverCommand } from './commands/discover.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEvaluateCommand } from './commands/evaluate.ts';
import { addExportCommand } from './commands/export.ts';
import { addExportDataCommand } from './commands/export-data.ts';
import { addFillHistoryCommand } from './commands/fill-history.ts';
import { addImportCommand } from './commands/import.ts';
import { addNotifyCommand } from './commands/notify.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addReportCommand } from './commands/report.ts';
import { addRescoreCommand } from './commands/rescore.ts';
import { addServiceCommands } from './commands/service.ts';
import { addSimulateCommand } from './commands/simulate.ts';
import { addTrainCommands } from './commands/train.ts';
import { addUpCommand } from './commands/up.ts';
import { addValueAddedCommand } from './commands/value-added.ts';
import { addUserCommand } from './commands/user.ts';
import { productVersion } from './product.ts';

/** Exit code of whatever a command ended with: 0 done, 1 ran and failed, 2 wrong usage or configuration. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof JoulegateError) return errorCodes[error.code].exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return 1;
}

/** The whole command line; throws instead of ending the process. */
export function createProgram(context: CommandContext): Command {
  const program = new Command('joulegate')
    .description('Energy per output and anomalies from OPC UA equipment: gateway, MQTT broker, scoring and console.')
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'joulegate: ').replaceAll(/\n(?=.)/g, ' ')),
    })
    .exitOverride()
    .addHelpText(
      'after',
      '\nExample:\n  joulegate up --demo             a whole demo plant with its console\n  joulegate check plant.yaml      is my configuration right?',
    );
  for (const add of [
    addUpCommand,
    addServiceCommands,
    addSimulateCommand,
    addReplayCommand,
    addBrowseCommand,
    addDiscoverCommand,
    addImportCommand,
    addExportCommand,
    addCheckCommand,
    addCertCommand,
    addUserCommand,
    addDoctorCommand,
    addEvaluateCommand,
    addTrainCommands,
    addValueAddedCommand,
    addReportCommand,
    addRescoreCommand,
    addNotifyCommand,
    addFillHistoryCommand,
    addBackupCommands,
    addExportDataCommand,
  ]) {
    add(program, context);
  }
  return program;
}

/** Runs one command and ends the process with its exit code. */
export async function main(args: readonly string[]): Promise<void> {
  const context: CommandContext = {
    version: productVersion(),
    env: process.env,
    cwd: process.cwd(),
    stdout: process.stdout,
    stderr: process.stderr,
    now: Date.now,
    process,
  };
  const debug = args.includes('--debug');
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(128 + constants.signals.SIGPIPE);
  });
  try {
    await createProgram(context).parseAsync([...args], { from: 'user' });
    process.exitCode ??= 0;
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    if (!(error instanceof CommanderError)) {
      process.stderr.write(`joulegate: ${describeError(error)}\n`);
      if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    }
  }
  process.channel?.unref();
  // A library that left a handle open must not keep a finished command alive.
  setTimeout(() => process.exit(), 500).unref();
}
