import { createRecentCounter } from '../recent-counter.ts';
import { rules } from '../rules.ts';
import { actsOf, hostOf, signalOf } from '../signal.ts';
import type { Detection } from './detection.ts';

const WINDOW_MS = 300_000;
const PER_PRINCIPAL = 5;
const PER_HOST = 10;

/**
 * A refused sign-in is low; five of one principal or ten from one host within five minutes are guessing: medium.
 * Once a host is guessing, its further names join the host's alert: invented names must not fill the list.
 */
export function signInRefused(): Detection {
  const rule = rules['sign-in-refused'];
  const byPrincipal = createRecentCounter({ windowMs: WINDOW_MS, cap: PER_PRINCIPAL, keys: 1000 });
  const byHost = createRecentCounter({ windowMs: WINDOW_MS, cap: PER_HOST, keys: 1000 });
  return {
    rule,
    kinds: ['sign-in-refused'],
    onEvent: ({ at, message, principal, address, detail }) => {
      const acts = actsOf({ detail });
      const host = address === undefined ? undefined : hostOf(address);
      const principalGuessed = principal !== undefined && byPrincipal.add(principal, at, acts) >= PER_PRINCIPAL;
      const hostGuesses = host !== undefined && byHost.add(host, at, acts) >= PER_HOST;
      const from = host === undefined ? '' : ` from ${host}`;
      return [
        ...(hostGuesses
          ? [signalOf(rule, { at, severity: 'medium', subject: host, message: `guessing${from}: ${message}` })]
          : []),
        ...(principalGuessed
          ? [
              signalOf(rule, {
                at,
                severity: 'medium',
                principal,
                message: `guessing "${principal}"${from}: ${message}`,
              }),
            ]
          : []),
        ...(hostGuesses || principalGuessed
          ? []
          : [signalOf(rule, { at, principal, subject: principal === undefined ? host : undefined, message })]),
      ];
    },
  };
}
