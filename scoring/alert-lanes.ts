import { alertKey } from './security/alert-book.ts';
import { alertSeverities, type AlertSignal } from './security/alert.ts';

/** Signals that wait to be kept, those of high and critical severity before all others. */
export type AlertLanes = {
  readonly add: (signal: AlertSignal) => void;
  /** The next ones, at most so many; `times` is how often the signal came while it waited. */
  readonly take: (most: number) => { readonly signal: AlertSignal; readonly times: number }[];
  readonly isEmpty: boolean;
};

type Waiting = { signal: AlertSignal; times: number };
type Lane = { readonly queue: Waiting[]; readonly newest: Map<string, Waiting> };

/** Different signals that may wait in one lane; beyond that the newest is counted with its rule. */
const MOST_WAITING = 100_000;

/**
 * Makes empty lanes. Signals of one key that say the same wait as one, with the newest words: a source that repeats
 * itself costs no memory. Signals of one key stay in order within their lane.
 */
export function alertLanes(): AlertLanes {
  const urgent: Lane = { queue: [], newest: new Map() };
  const routine: Lane = { queue: [], newest: new Map() };
  return {
    add(signal) {
      const lane = alertSeverities.indexOf(signal.severity) > alertSeverities.indexOf('medium') ? urgent : routine;
      const key = alertKey(signal);
      const before = lane.newest.get(key);
      if (before?.signal.condition === signal.condition && before.signal.severity === signal.severity) {
        before.signal = signal;
        before.times += 1;
        return;
      }
      if (lane.queue.length >= MOST_WAITING) {
        const last = lane.queue.at(-1);
        if (last !== undefined) last.times += 1;
        return;
      }
      const waiting = { signal, times: 1 };
      lane.queue.push(waiting);
      lane.newest.set(key, waiting);
    },
    take(most) {
      const lane = urgent.queue.length > 0 ? urgent : routine;
      const taken = lane.queue.splice(0, most);
      for (const waiting of taken) {
        const key = alertKey(waiting.signal);
        if (lane.newest.get(key) === waiting) lane.newest.delete(key);
      }
      return taken;
    },
    get isEmpty() {
      return urgent.queue.length === 0 && routine.queue.length === 0;
    },
  };
}
