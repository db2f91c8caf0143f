import { rules } from '../rules.ts';
import { signalOf } from '../signal.ts';
import type { Detection } from './detection.ts';

/** Values that were read will never arrive: figures of their time have a hole that cannot be filled. */
export function dataLost(): Detection {
  const rule = rules['data-lost'];
  return {
    rule,
    kinds: ['data-lost'],
    onEvent: ({ at, message, subject, source, equipment }) => [
      signalOf(rule, { at, principal: source, subject, equipment, message }),
    ],
  };
}
