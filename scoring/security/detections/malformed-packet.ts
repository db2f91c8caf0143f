import { rules } from '../rules.ts';
import { hostOf, signalOf } from '../signal.ts';
import type { Detection } from './detection.ts';

/** Bytes that are no MQTT, too large, or of another protocol. One alert per host. */
export function malformedPacket(): Detection {
  const rule = rules['malformed-packet'];
  return {
    rule,
    kinds: ['malformed-packet'],
    onEvent: ({ at, message, address, source }) => [
      signalOf(rule, { at, subject: address === undefined ? source : hostOf(address), message }),
    ],
  };
}
