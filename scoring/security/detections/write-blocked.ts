import { eventCard, type DetectionCard } from './card.ts';

/** Somebody made our own process build a request that changes equipment. */
export const writeBlocked: DetectionCard = eventCard({
  rule: {
    name: 'write-blocked',
    severity: 'critical',
    technique: { id: 'T0855', name: 'Unauthorized Command Message' },
    title: { en: 'Write attempt of our own process blocked', zh: '本机写操作被拦截' },
    ends: 'by-review',
  },
  catalogue: ['D43'],
  source: 'gateway, read-only guard of the channel',
  evidence: 'request type, endpoint',
  falsePositives: 'none: it must never occur',
  kinds: ['write-blocked'],
  judge: ({ source, subject, equipment, message }) => ({ principal: source, subject, equipment, message }),
  vector: {
    triggers: [
      {
        kind: 'write-blocked',
        severity: 'critical',
        subject: 'opc.tcp://press-3:4840',
        message: 'WriteRequest was not sent',
      },
    ],
    quiet: [{ kind: 'endpoint-connected', subject: 'opc.tcp://press-3:4840' }],
  },
});
