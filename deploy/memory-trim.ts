import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

const FIRST_MS = 10_000;
const EVERY_MS = 60_000;
/** Heap that is held and not used beyond which it is given back. */
const SLACK_BYTES = 24 * 1_048_576;

/**
 * Gives heap back to the system that the engine holds without using it. Loading the code leaves some 100 MB of it, which V8 keeps as long as
 * memory is not short; on an edge box it is. Costs a pause of some 40 ms when there is something to give back, and nothing otherwise.
 * `again`: not only once after the start but every minute; for services with little in memory.
 */
export function trimMemory(
  again: boolean,
  usage: () => Pick<NodeJS.MemoryUsage, 'heapTotal' | 'heapUsed'> = process.memoryUsage,
  collect: () => void = lastResort(),
): Disposable {
  const trim = (): void => {
    const { heapTotal, heapUsed } = usage();
    if (heapTotal - heapUsed > SLACK_BYTES) collect();
  };
  const first = setTimeout(trim, FIRST_MS).unref();
  const timer = again ? setInterval(trim, EVERY_MS).unref() : undefined;
  return {
    [Symbol.dispose]: () => {
      clearTimeout(first);
      clearInterval(timer);
    },
  };
}

function lastResort(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
