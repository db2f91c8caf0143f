import type { AlertSignal } from './alert.ts';
import { createRecentCounter } from './recent-counter.ts';
import type { ReviewDecision } from './review.ts';
import { rules } from './rules.ts';
import { signalOf } from './signal.ts';

const WINDOW_MS = 600_000;
/** Alerts shelved by one person within ten minutes. */
export const MANY_SHELVED = 10;

/** Watches how people put alerts aside: who shelves many at once may be hiding something. */
export function silencingWatch(): {
  readonly onDecision: (decision: ReviewDecision, by: string, at: number) => AlertSignal[];
} {
  const shelved = createRecentCounter({ windowMs: WINDOW_MS, cap: MANY_SHELVED, keys: 1000 });
  return {
    onDecision(decision, by, at) {
      if (decision.action !== 'shelve' || shelved.add(by, at) < MANY_SHELVED) return [];
      const message = `"${by}" shelved ${MANY_SHELVED} alerts or more within 10 min`;
      return [signalOf(rules['alerts-silenced'], { at, principal: by, message })];
    },
  };
}
