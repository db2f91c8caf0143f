import type { AlertSignal } from './alert.ts';
import type { TrailVerdict } from './audit-trail.ts';
import { rules } from './rules.ts';
import { signalOf } from './signal.ts';

/** The signal of an audit trail that does not hold; `at` is epoch ms. */
export function auditBroken(verdict: Extract<TrailVerdict, { holds: false }>, at: number): AlertSignal {
  return signalOf(rules['audit-broken'], { at, message: verdict.reason });
}
