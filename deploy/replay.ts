import { writeFile } from 'node:fs/promises';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import { commandLog, commandStop, type CommandContext } from './commands/context.ts';
import type { ReplayOptions } from './commands/replay.ts';
import { openDataDir, serviceDir } from './data-dir.ts';
import { runUntilStopped } from './lifecycle.ts';
import { announce } from './service.ts';

/** Serves a recorded file until it is asked to stop, or with --exit-when-done until its last row. */
export async function replayCommand(file: string, options: ReplayOptions, context: CommandContext): Promise<void> {
  using stop = await commandStop(context);
  const log = await commandLog(context, options.logLevel, 'replay');
  const dataDir = await openDataDir(options.data);
  const { startReplay } = await import('../seeds/simulator/replay.ts');
  await runUntilStopped({
    start: async () => {
      const replay = await startReplay({
        file,
        mapFile: options.map,
        speed: options.speed,
        host: options.host,
        port: options.port,
        dataDir: await serviceDir(dataDir, 'simulator'),
        log,
        now: context.now,
      });
      if (options.writeConfig !== undefined) await writePlant(options.writeConfig, replay.plantYaml());
      return replay;
    },
    announce: ({ endpoint, port }) => announce({ service: 'replay', endpoint, port }, options.json === true, context),
    signal: stop.signal,
    ...(options.exitWhenDone === true ? { done: (replay: { readonly done: Promise<unknown> }) => replay.done } : {}),
  });
}

async function writePlant(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new JoulegateError('USAGE', `--write-config ${file} cannot be written (${describeError(error)})`, {
      cause: error,
    });
  }
}
