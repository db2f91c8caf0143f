import { hostOf } from '../signal.ts';
import { denialKind } from './denial.ts';
import { eventCard, type DetectionCard } from './card.ts';

/** A will that would speak on a topic its user may not publish. One alert per principal. */
export const willAbuse: DetectionCard = eventCard({
  rule: {
    name: 'will-abuse',
    severity: 'medium',
    technique: { id: 'T0856', name: 'Spoof Reporting Message' },
    title: { en: 'Last will on a foreign topic', zh: '遗嘱消息指向他人主题' },
    ends: 'by-review',
  },
  catalogue: ['D12'],
  source: 'broker, CONNECT',
  evidence: 'principal, address, topic of the will',
  falsePositives: 'a client made from the template of another',
  kinds: ['topic-denied'],
  judge: (event) =>
    denialKind(event) === 'will-abuse'
      ? {
          principal: event.principal ?? (event.address === undefined ? undefined : hostOf(event.address)),
          message: `${event.message}: ${event.subject ?? 'no topic'}`,
        }
      : null,
  vector: {
    triggers: [
      {
        kind: 'topic-denied',
        message: 'will on a topic the user may not publish',
        principal: 'eve',
        subject: '$SYS/x',
      },
    ],
    quiet: [{ kind: 'topic-denied', message: 'publish refused', principal: 'eve', subject: 'x' }],
  },
});
