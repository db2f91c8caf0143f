import { rules } from '../rules.ts';
import { hostOf, signalOf } from '../signal.ts';
import type { Detection } from './detection.ts';

/** A second connection comes with a client id that is in use: the session behind it could be stolen. */
export function clientIdTakeover(): Detection {
  const rule = rules['client-id-takeover'];
  return {
    rule,
    kinds: ['client-id-takeover'],
    onEvent: ({ at, message, principal, address }) => [
      signalOf(rule, { at, principal, subject: address === undefined ? undefined : hostOf(address), message }),
    ],
  };
}
