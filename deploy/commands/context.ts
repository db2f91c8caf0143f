import { Option, type Command } from 'commander';
import type { Logger } from '../../broker/contract/deps.ts';
import type { StopRequest } from '../lifecycle.ts';
import { logLevels, type LogLevel } from '../log-level.ts';

/** What a command may know of the world; `cli.ts` makes it from `process`. */
export type CommandContext = {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly now: () => number;
  readonly process: NodeJS.Process;
};

export type CommonOptions = { readonly json?: boolean; readonly logLevel: LogLevel; readonly debug?: boolean };

/** Adds --json, --log-level and --debug. */
export function withCommonOptions(command: Command, defaultLevel: LogLevel = 'info'): Command {
  return command
    .option('--json', 'print for machines')
    .addOption(new Option('--log-level <level>', 'least level that is logged').choices(logLevels).default(defaultLevel))
    .option('--debug', 'print a stack when something fails');
}

/** The logger of a command: text for a terminal, JSON lines else; JOULEGATE_LOG_FORMAT=text|json decides when set. */
export async function commandLog(context: CommandContext, level: LogLevel, name?: string): Promise<Logger> {
  const { createLog } = await import('../log.ts');
  const asked = context.env['JOULEGATE_LOG_FORMAT'];
  const format = asked === 'text' || asked === 'json' ? asked : context.stderr.isTTY === true ? 'text' : 'json';
  return createLog({ level, format, sink: context.stderr, ...(name === undefined ? {} : { name }) });
}

/** Stop signals of this process as an AbortSignal; a child of `joulegate up` leaves Ctrl-C to its parent. */
export async function commandStop(context: CommandContext, hangupStays = false): Promise<StopRequest> {
  const { listenForStop } = await import('../lifecycle.ts');
  return listenForStop({
    source: context.process,
    supervised: context.env['JOULEGATE_SUPERVISED'] === '1',
    hangupStays,
    now: context.now,
    exit: (code) => context.process.exit(code),
  });
}
