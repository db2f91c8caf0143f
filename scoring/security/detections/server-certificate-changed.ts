import { rules } from '../rules.ts';
import { signalOf } from '../signal.ts';
import type { Detection } from './detection.ts';

/** The certificate of an OPC UA server is not the pinned one, even when the same authority signed it. */
export function serverCertificateChanged(): Detection {
  const rule = rules['server-certificate-changed'];
  return {
    rule,
    kinds: ['server-certificate-changed'],
    onEvent: ({ at, message, subject, source, equipment }) => [
      signalOf(rule, { at, principal: source, subject, equipment, message }),
    ],
  };
}
