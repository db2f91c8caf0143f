import { hostOf } from '../signal.ts';
import { denialKind } from './denial.ts';
import { eventCard, type DetectionCard } from './card.ts';

/** A retained message of another would be changed or cleared. One alert per principal. */
export const retainedOverwrite: DetectionCard = eventCard({
  rule: {
    name: 'retained-overwrite',
    severity: 'high',
    technique: { id: 'T0832', name: 'Manipulation of View' },
    title: { en: 'Retained value of another overwritten or cleared', zh: '他人的保留消息被覆盖或清除' },
    ends: 'by-review',
  },
  catalogue: ['D11'],
  source: 'broker, refused retained publish',
  evidence: 'principal, address, topic',
  falsePositives: 'an administrator who cleans up with an account of limited rights',
  kinds: ['topic-denied'],
  judge: (event) =>
    denialKind(event) === 'retained-overwrite'
      ? {
          principal: event.principal ?? (event.address === undefined ? undefined : hostOf(event.address)),
          message: `${event.message}: ${event.subject ?? 'no topic'}`,
        }
      : null,
  vector: {
    triggers: [
      {
        kind: 'topic-denied',
        message: 'retained publish refused',
        principal: 'eve',
        subject: 'opcua/json/metadata/edge-1/plc/press-1',
      },
    ],
    quiet: [
      {
        kind: 'topic-denied',
        message: 'publish refused',
        principal: 'eve',
        subject: 'opcua/json/metadata/edge-1/plc/press-1',
      },
    ],
  },
});
