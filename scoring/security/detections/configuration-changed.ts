import { eventCard, type DetectionCard } from './card.ts';

/** A service took another configuration, user list or trust list. */
export const configurationChanged: DetectionCard = eventCard({
  rule: {
    name: 'configuration-changed',
    severity: 'info',
    technique: { id: 'T0838', name: 'Modify Alarm Settings' },
    title: { en: 'Configuration changed', zh: '配置已变更' },
    ends: 'by-review',
  },
  catalogue: ['D38'],
  source: 'gateway and broker, reload',
  evidence: 'what changed, which service',
  falsePositives: 'normal work',
  kinds: ['configuration-changed'],
  judge: ({ source, subject, equipment, message }) => ({ principal: source, subject, equipment, message }),
  vector: {
    triggers: [{ kind: 'configuration-changed', message: 'users were read again' }],
    quiet: [{ kind: 'service-started' }],
  },
});
