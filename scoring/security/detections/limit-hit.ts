import { rules } from '../rules.ts';
import { hostOf, signalOf } from '../signal.ts';
import type { Detection } from './detection.ts';

/** A flood of connections or a client that never finishes its sign-in. One alert per host. */
export function limitHit(): Detection {
  const rule = rules['limit-hit'];
  return {
    rule,
    kinds: ['limit-hit'],
    onEvent: ({ at, message, address, source }) => [
      signalOf(rule, { at, subject: address === undefined ? source : hostOf(address), message }),
    ],
  };
}
