import { createRecentCounter } from '../recent-counter.ts';
import { rules } from '../rules.ts';
import { actsOf, hostOf, signalOf } from '../signal.ts';
import { denialKind } from './denial.ts';
import type { Detection } from './detection.ts';

const WINDOW_MS = 300_000;
const MANY = 10;

/** A principal wants a topic it has no right to, and no closer detection knows the act: low, ten within five minutes medium. One alert per principal; the message names the topic. */
export function topicDenied(): Detection {
  const rule = rules['topic-denied'];
  const recent = createRecentCounter({ windowMs: WINDOW_MS, cap: MANY, keys: 1000 });
  return {
    rule,
    kinds: ['topic-denied'],
    onEvent: (event) => {
      if (denialKind(event) !== 'other') return [];
      const { at, message, principal, address, subject, equipment, source } = event;
      const host = address === undefined ? source : hostOf(address);
      const severity = recent.add(principal ?? host, at, actsOf(event)) >= MANY ? 'medium' : rule.severity;
      const topic = subject === undefined || message.includes(subject) ? '' : ` (${subject})`;
      return [
        signalOf(rule, {
          at,
          severity,
          principal,
          equipment,
          subject: principal === undefined ? host : undefined,
          message: `${message}${topic}`,
        }),
      ];
    },
  };
}
