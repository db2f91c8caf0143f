import { hostOf } from '../signal.ts';
import { denialKind } from './denial.ts';
import { eventCard, type DetectionCard } from './card.ts';

/** A client publishes on the stream of a gateway that it is not. One alert per principal. */
export const foreignPublish: DetectionCard = eventCard({
  rule: {
    name: 'foreign-publish',
    severity: 'high',
    technique: { id: 'T0856', name: 'Spoof Reporting Message' },
    title: { en: 'Publish in the name of another machine', zh: '以其他设备的名义发布' },
    ends: 'by-review',
  },
  catalogue: ['D03', 'D04'],
  source: 'broker, refused publish',
  evidence: 'principal, address, topic',
  falsePositives: 'a renamed publisher, a shared bridge account',
  kinds: ['topic-denied'],
  judge: (event) =>
    denialKind(event) === 'foreign-publish'
      ? {
          principal: event.principal ?? (event.address === undefined ? undefined : hostOf(event.address)),
          message: `${event.message}: ${event.subject ?? 'no topic'}`,
        }
      : null,
  vector: {
    triggers: [
      {
        kind: 'topic-denied',
        message: 'publish refused',
        principal: 'eve',
        subject: 'opcua/json/data/edge-1/plc/press-1',
      },
    ],
    quiet: [{ kind: 'topic-denied', message: 'publish refused', principal: 'edge-1', subject: 'other/topic' }],
  },
});
