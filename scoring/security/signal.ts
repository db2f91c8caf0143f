import type { SystemEvent } from '../../broker/contract/event.ts';
import type { AlertSeverity, AlertSignal } from './alert.ts';
import type { BaselineFact } from './baseline/fact.ts';
import type { Rule } from './rules.ts';

const MESSAGE_LENGTH = 1024;
const NAME_LENGTH = 256;
/** Control characters, and marks that turn the direction of text, would let a foreign string forge what a person reads. */
const UNSAFE = /[\p{Cc}\u{200E}\u{200F}\u{202A}-\u{202E}\u{2066}-\u{2069}]/gu;

/** What a detection has to say beside what its rule fixes. */
export type Sighting = {
  readonly at: number;
  readonly message: string;
  readonly condition?: AlertSignal['condition'];
  /** Only where it differs from the rule's. */
  readonly severity?: AlertSeverity;
  readonly equipment?: string | undefined;
  readonly principal?: string | undefined;
  readonly subject?: string | undefined;
  /** Only where it differs from the rule's. */
  readonly title?: AlertSignal['title'];
  /** What learning it as normal would add to the baseline. */
  readonly learn?: BaselineFact | undefined;
};

/** Makes the signal of a rule. Foreign text is shortened and freed of control and direction marks. */
export function signalOf(rule: Rule, seen: Sighting): AlertSignal {
  return {
    rule: rule.name,
    ruleVersion: rule.version ?? '1',
    severity: seen.severity ?? rule.severity,
    title: seen.title ?? rule.title,
    ...(rule.technique === undefined ? {} : { technique: rule.technique }),
    message: clean(seen.message, MESSAGE_LENGTH),
    condition: seen.condition ?? 'active',
    at: seen.at,
    ...(seen.equipment === undefined ? {} : { equipment: clean(seen.equipment, NAME_LENGTH) }),
    ...(seen.principal === undefined ? {} : { principal: clean(seen.principal, NAME_LENGTH) }),
    ...(seen.subject === undefined ? {} : { subject: clean(seen.subject, NAME_LENGTH) }),
    ...(seen.learn === undefined ? {} : { learn: seen.learn }),
  };
}

/** How many acts an event stands for: the broker tells equal ones within two seconds once, with the number of repeats. */
export function actsOf({ detail }: { readonly detail?: SystemEvent['detail'] | undefined }): number {
  const repeats = detail?.['repeats'];
  return typeof repeats === 'number' && Number.isFinite(repeats) ? Math.max(1, Math.floor(repeats)) : 1;
}

/** Host of `host:port`; ports change with every connection and would make one attacker look like many. */
export function hostOf(address: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(address)?.[1];
  return bracketed ?? address.replace(/:\d+$/, '');
}

function clean(text: string, length: number): string {
  return text.replaceAll(UNSAFE, '\u{FFFD}').slice(0, length).toWellFormed();
}
