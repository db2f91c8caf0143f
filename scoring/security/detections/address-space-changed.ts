import { eventCard, type DetectionCard } from './card.ts';

/** Namespaces came, went or changed their order. */
export const addressSpaceChanged: DetectionCard = eventCard({
  rule: {
    name: 'address-space-changed',
    severity: 'medium',
    technique: { id: 'T0889', name: 'Modify Program' },
    title: { en: 'Address space of a server changed', zh: '服务器地址空间已变更' },
    ends: 'by-review',
  },
  catalogue: ['D24'],
  source: 'gateway, namespace array',
  evidence: 'namespaces gone and new',
  falsePositives: 'a planned download of a program',
  kinds: ['server-namespaces-changed'],
  judge: ({ source, subject, equipment, message }) => ({ principal: source, subject, equipment, message }),
  vector: {
    triggers: [
      {
        kind: 'server-namespaces-changed',
        subject: 'opc.tcp://press-3:4840',
        message: 'namespaces have changed; gone: urn:a',
      },
    ],
    quiet: [{ kind: 'endpoint-connected', subject: 'opc.tcp://press-3:4840' }],
  },
});
