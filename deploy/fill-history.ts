import { JoulegateError } from '../broker/contract/error.ts';
import { commandLog, type CommandContext } from './commands/context.ts';
import type { FillHistoryOptions } from './commands/fill-history.ts';
import { loadPlantConfig } from './config/load.ts';
import { openDataDir, serviceDir } from './data-dir.ts';
import { readDemoState, writeDemoState } from './demo.ts';
import { readFaultFile } from './fault-plan.ts';

/** Fills the history that `demo.json` asks for and marks it done; prints `{"progress":fraction}` lines, then the totals. */
export async function fillHistoryCommand(options: FillHistoryOptions, context: CommandContext): Promise<void> {
  context.process.umask(0o077);
  const dataDir = await openDataDir(options.data);
  const state = await readDemoState(dataDir);
  if (state === null) {
    throw new JoulegateError('USAGE', `${dataDir.path} holds no demo plant; start "joulegate up --demo"`);
  }
  const config = await loadPlantConfig(options.config, { env: context.env });
  const { fillHistory } = await import('./history.ts');
  const print = (line: object): unknown => context.stdout.write(`${JSON.stringify(line)}\n`);
  // The parent is gone: nobody needs the rest, and the next start fills anew.
  context.process.on('disconnect', () => context.process.exit(1));
  await serviceDir(dataDir, 'scoring');
  let said = 0;
  const totals = await fillHistory({
    config,
    dataDir: dataDir.path,
    seed: state.seed,
    startAt: state.startAt,
    to: state.historyTo,
    faults: (await readFaultFile(dataDir.at('faults.json'))) ?? [],
    log: await commandLog(context, options.logLevel, 'fill-history'),
    onProgress: (fraction: number) => {
      const permille = Math.floor(fraction * 1000);
      if (permille > said) print({ progress: (said = permille) / 1000 });
    },
  });
  await writeDemoState(dataDir, { ...state, done: true });
  print({ done: true, ...totals });
}
