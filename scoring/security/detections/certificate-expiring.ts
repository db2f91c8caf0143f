import { eventCard, type DetectionCard } from './card.ts';

/** A certificate has a month left, or a week: the severity is that of the event. */
export const certificateExpiring: DetectionCard = eventCard({
  rule: {
    name: 'certificate-expiring',
    severity: 'low',
    technique: { id: 'T0830', name: 'Adversary-in-the-Middle' },
    title: { en: 'Certificate ends soon', zh: '证书即将到期' },
    ends: 'by-review',
  },
  catalogue: ['D17'],
  source: 'gateway and broker, daily check of certificates',
  evidence: 'subject, fingerprint, last day',
  falsePositives: 'an isolated site that renews late on purpose',
  kinds: ['server-certificate-expiring', 'own-certificate-expiring'],
  judge: ({ source, subject, equipment, message, severity }) => ({
    principal: source,
    subject,
    equipment,
    message,
    severity,
  }),
  vector: {
    triggers: [
      {
        kind: 'server-certificate-expiring',
        severity: 'low',
        subject: 'opc.tcp://press-3:4840',
        message: 'server certificate ends in 20 days',
      },
    ],
    quiet: [{ kind: 'own-certificate-renewed' }],
  },
});
