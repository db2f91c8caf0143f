import { JoulegateError } from '../broker/contract/error.ts';
import { commandLog, commandStop, type CommandContext } from './commands/context.ts';
import type { SimulateOptions } from './commands/simulate.ts';
import { openDataDir, serviceDir } from './data-dir.ts';
import { liveFaults } from './fault-plan.ts';
import { runUntilStopped } from './lifecycle.ts';
import { announce } from './service.ts';

const DAY_MS = 86_400_000;
const STEP_MS = 10_000;

/** Serves the demo plant until it is asked to stop. */
export async function simulateCommand(options: SimulateOptions, context: CommandContext): Promise<void> {
  context.process.umask(0o077);
  using stop = await commandStop(context);
  const log = await commandLog(context, options.logLevel, 'simulator');
  const now = context.now();
  const liveFrom = instant('--live-from', options.liveFrom) ?? now;
  const startAt = instant('--start-at', options.startAt) ?? Math.floor(Math.min(now, liveFrom) / DAY_MS) * DAY_MS;
  if (startAt > liveFrom) throw new JoulegateError('USAGE', '--start-at must not be later than --live-from');
  const dataDir = await openDataDir(options.data);
  const faults = await liveFaults({
    choice: options.faults,
    before: null,
    startAt,
    hasHistory: false,
    now: liveFrom,
  });
  const { startSimulator } = await import('../seeds/simulator/main.ts');
  await runUntilStopped({
    start: async () =>
      startSimulator({
        host: options.host,
        port: options.port,
        seed: options.seed,
        startAt,
        liveFrom: Math.floor(liveFrom / STEP_MS) * STEP_MS,
        speed: options.speed,
        faults,
        groundTruthFile: options.groundTruth ?? null,
        dataDir: await serviceDir(dataDir, 'simulator'),
        log,
        now: context.now,
      }),
    announce: ({ endpoint, port }) =>
      announce({ service: 'simulator', endpoint, port }, options.json === true, context),
    signal: stop.signal,
  });
}

/** Epoch ms of an ISO time with a zone, rounded down to the simulator's step. @throws JoulegateError USAGE. */
function instant(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at) || !/(Z|[+-]\d\d:?\d\d)$/.test(text)) {
    throw new JoulegateError('USAGE', `${option} "${text}" is no time; write e.g. 2025-03-01T00:00:00Z`);
  }
  return Math.floor(at / STEP_MS) * STEP_MS;
}
