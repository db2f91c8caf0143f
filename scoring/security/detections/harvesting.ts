import { hostOf } from '../signal.ts';
import { denialKind } from './denial.ts';
import { eventCard, type DetectionCard } from './card.ts';

/** A wildcard in the first two levels, or the topics of the broker itself. One alert per principal. */
export const harvesting: DetectionCard = eventCard({
  rule: {
    name: 'harvesting-subscription',
    severity: 'medium',
    technique: { id: 'T0861', name: 'Point & Tag Identification' },
    title: { en: 'Subscription to everything', zh: '订阅全部主题' },
    ends: 'by-review',
  },
  catalogue: ['D05'],
  source: 'broker, refused subscription',
  evidence: 'principal, address, filter',
  falsePositives: 'an engineer with a topic browser',
  kinds: ['topic-denied'],
  judge: (event) =>
    denialKind(event) === 'harvesting'
      ? {
          principal: event.principal ?? (event.address === undefined ? undefined : hostOf(event.address)),
          message: `${event.message}: ${event.subject ?? 'no topic'}`,
        }
      : null,
  vector: {
    triggers: [{ kind: 'topic-denied', message: 'subscribe refused', principal: 'eve', subject: '#' }],
    quiet: [
      { kind: 'topic-denied', message: 'subscribe refused', principal: 'eve', subject: 'opcua/json/data/edge-1' },
    ],
  },
});
