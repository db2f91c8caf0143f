import { readFile, rm } from 'node:fs/promises';
import { DateTime } from 'luxon';
import { durationMs } from '../broker/contract/duration.ts';
import type { Logger } from '../broker/contract/deps.ts';
import { JoulegateError } from '../broker/contract/error.ts';
import { writePrivateFile, type DataDir } from './data-dir.ts';
import { liveFaults, readFaultFile, type FaultChoice } from './fault-plan.ts';

const DAY_MS = 86_400_000;
const STEP_MS = 10_000;

/** What makes the demo plant of a data folder the same plant at the next start; kept in `demo.json`. */
export type DemoState = {
  readonly seed: number;
  /** Epoch ms, midnight UTC: the plant was new. */
  readonly startAt: number;
  /** Epoch ms: history is filled up to here. */
  readonly historyTo: number;
  /** The history is complete. */
  readonly done: boolean;
};

export type DemoPlan = DemoState & {
  /** First instant the simulator serves. */
  readonly liveFrom: number;
  readonly faultFile: string;
  readonly groundTruthFile: string;
};

/**
 * Decides which plant a data folder holds: a new one with history, or the known one, which goes on.
 * A history that was interrupted is thrown away and filled again.
 */
export async function prepareDemo(options: {
  readonly dataDir: DataDir;
  readonly seed: number | undefined;
  readonly history: string;
  readonly faults: FaultChoice;
  readonly now: number;
  readonly log: Logger;
}): Promise<DemoPlan> {
  const { dataDir, seed, log } = options;
  const now = Math.floor(options.now / STEP_MS) * STEP_MS;
  const faultFile = dataDir.at('faults.json');
  const known = await readDemoState(dataDir);
  const historyMs = historyLength(options.history);
  let state: DemoState;
  if (known?.done === true) {
    state = known;
    if (seed !== undefined && seed !== known.seed) {
      log.warn(
        { seed, known: known.seed },
        'the data folder holds a plant of another seed, which goes on; name a new folder with --data',
      );
    }
  } else {
    // Sequence numbers and commits of the broken-off start must not meet those of the new one.
    for (const service of ['scoring', 'gateway', 'broker']) {
      await rm(dataDir.at(service), { recursive: true, force: true });
    }
    const startAt = Math.floor((now - historyMs) / DAY_MS) * DAY_MS;
    state = { seed: seed ?? known?.seed ?? 1, startAt, historyTo: now, done: historyMs === 0 };
    await rm(faultFile, { force: true });
    await writeDemoState(dataDir, state);
  }
  const before = known?.done === true ? await readFaultFile(faultFile) : null;
  const faults = await liveFaults({
    choice: options.faults,
    before,
    startAt: state.startAt,
    hasHistory: historyMs > 0,
    now,
  });
  await writePrivateFile(faultFile, `${JSON.stringify(faults, null, 1)}\n`);
  return { ...state, liveFrom: now, faultFile, groundTruthFile: dataDir.at('ground-truth.jsonl') };
}

function historyLength(text: string): number {
  if (text === '0' || text === 'none') return 0;
  try {
    return durationMs(text);
  } catch (error) {
    throw new JoulegateError('USAGE', `--history ${(error as Error).message}, or none`, { cause: error });
  }
}

/** The remembered state, or null in a folder without one or with one that cannot be read. */
export async function readDemoState(dataDir: DataDir): Promise<DemoState | null> {
  try {
    const state = JSON.parse(await readFile(dataDir.at('demo.json'), 'utf8')) as DemoState;
    return [state.seed, state.startAt, state.historyTo].every(Number.isSafeInteger) ? state : null;
  } catch {
    return null;
  }
}

/** Keeps the state in `demo.json`. */
export async function writeDemoState(dataDir: DataDir, { seed, startAt, historyTo, done }: DemoState): Promise<void> {
  await writePrivateFile(dataDir.at('demo.json'), `${JSON.stringify({ seed, startAt, historyTo, done })}\n`);
}

/**
 * Base period of the demo's targets: days 1 to 10 of the history in the plant's zone, fewer when it is short.
 * Day 0 begins at midnight UTC, so it is not a whole day of the plant and is left out.
 */
export function demoBasePeriod({ startAt, historyTo }: DemoState, zone: string): { from: string; to: string } {
  const days = Math.max(1, Math.min(10, Math.floor((historyTo - startAt) / DAY_MS / 3)));
  const day = (offset: number): string =>
    DateTime.fromMillis(startAt, { zone }).plus({ days: offset }).toFormat('yyyy-MM-dd');
  return { from: day(1), to: day(days) };
}
