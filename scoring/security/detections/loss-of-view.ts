import { rules } from '../rules.ts';
import { signalOf } from '../signal.ts';
import type { Detection } from './detection.ts';

/** A gateway has no session with an OPC UA server; over when that gateway is connected to it again. */
export function lossOfView(): Detection {
  const rule = rules['loss-of-view'];
  return {
    rule,
    kinds: ['endpoint-lost', 'endpoint-refused', 'endpoint-connected'],
    onEvent: ({ kind, at, message, subject, source }) => [
      signalOf(rule, {
        at,
        principal: source,
        subject,
        message,
        condition: kind === 'endpoint-connected' ? 'cleared' : 'active',
      }),
    ],
  };
}
