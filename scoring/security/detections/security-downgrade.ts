import { eventCard, type DetectionCard } from './card.ts';

/** A server offers less than at the last session. */
export const securityDowngrade: DetectionCard = eventCard({
  rule: {
    name: 'security-downgrade',
    severity: 'critical',
    technique: { id: 'T0830', name: 'Adversary-in-the-Middle' },
    title: { en: 'Security of a server weaker than before', zh: '服务器安全级别降低' },
    ends: 'by-review',
  },
  catalogue: ['D18'],
  source: 'gateway, endpoint list and negotiated security',
  evidence: 'offered and remembered mode and policy',
  falsePositives: 'a controller reset to factory settings',
  kinds: ['security-downgrade'],
  judge: ({ source, subject, equipment, message }) => ({ principal: source, subject, equipment, message }),
  vector: {
    triggers: [
      {
        kind: 'security-downgrade',
        severity: 'critical',
        subject: 'opc.tcp://press-3:4840',
        message: 'offers None, had SignAndEncrypt',
      },
    ],
    quiet: [{ kind: 'endpoint-connected', subject: 'opc.tcp://press-3:4840' }],
  },
});
