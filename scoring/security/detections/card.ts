import type { EventKind, SystemEvent } from '../../../broker/contract/event.ts';
import type { Rule } from '../rules.ts';
import { signalOf, type Sighting } from '../signal.ts';
import type { Detection } from './detection.ts';

/** An event of a self-test vector; what is left out is filled in by the replay. `afterMs` counts from its begin. */
export type VectorEvent = Partial<Omit<SystemEvent, 'id' | 'at' | 'kind'>> & {
  readonly kind: EventKind;
  readonly afterMs?: number;
};

/** What a detection says of itself: to the coverage page, to the self-test and to whoever judges an alert of it. */
export type DetectionCard = {
  readonly rule: Rule;
  /** Rows of the catalogue of detections it stands for. */
  readonly catalogue: readonly string[];
  /** Where its signal comes from. */
  readonly source: string;
  /** What an alert of it keeps. */
  readonly evidence: string;
  /** Normal work that looks the same. */
  readonly falsePositives: string;
  /** A stream that has to raise the rule, and one that must not. */
  readonly vector: { readonly triggers: readonly VectorEvent[]; readonly quiet: readonly VectorEvent[] };
  /** A fresh detection with empty memory. */
  readonly create: () => Detection;
};

/** A detection without memory: each event is judged alone; null = nothing to say. */
export function eventCard(
  card: Omit<DetectionCard, 'create'> & {
    readonly kinds: readonly EventKind[];
    readonly judge: (event: SystemEvent) => Omit<Sighting, 'at'> | null;
  },
): DetectionCard {
  const { kinds, judge, ...said } = card;
  return {
    ...said,
    create: () => ({
      rule: card.rule,
      kinds,
      onEvent: (event) => {
        const seen = judge(event);
        return seen === null ? [] : [signalOf(card.rule, { ...seen, at: event.at })];
      },
    }),
  };
}
