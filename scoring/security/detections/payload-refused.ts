import { createRecentCounter } from '../recent-counter.ts';
import { rules } from '../rules.ts';
import { signalOf } from '../signal.ts';
import type { Detection } from './detection.ts';

const WINDOW_MS = 300_000;
const MANY = 10;

/** A message does not fit the contract: low, ten of one topic within five minutes medium. */
export function payloadRefused(): Detection {
  const rule = rules['payload-refused'];
  const recent = createRecentCounter({ windowMs: WINDOW_MS, cap: MANY, keys: 1000 });
  return {
    rule,
    kinds: ['payload-refused'],
    onEvent: ({ at, message, principal, subject, equipment, source }) => {
      const who = principal ?? subject ?? source;
      return [
        signalOf(rule, {
          at,
          severity: recent.add(who, at) >= MANY ? 'medium' : rule.severity,
          principal,
          equipment,
          subject: principal === undefined ? subject : undefined,
          message,
        }),
      ];
    },
  };
}
