import { eventCard, type DetectionCard } from './card.ts';

/** A server shows a certificate that nobody has confirmed. One pinned at first use by configuration is quiet. */
export const serverCertificateUntrusted: DetectionCard = eventCard({
  rule: {
    name: 'server-certificate-untrusted',
    severity: 'medium',
    technique: { id: 'T0830', name: 'Adversary-in-the-Middle' },
    title: { en: 'Server certificate waits for confirmation', zh: '服务器证书待确认' },
    ends: 'by-review',
  },
  catalogue: ['D16'],
  source: 'gateway, opening of the secure channel',
  evidence: 'fingerprint and subject of the certificate',
  falsePositives: 'a machine that is being commissioned',
  kinds: ['server-certificate-new'],
  judge: ({ severity, source, subject, message }) =>
    severity === 'info' || severity === 'low' ? null : { principal: source, subject, message },
  vector: {
    triggers: [
      {
        kind: 'server-certificate-new',
        severity: 'medium',
        subject: 'opc.tcp://press-3:4840',
        message: 'server certificate is not accepted',
      },
    ],
    quiet: [
      {
        kind: 'server-certificate-new',
        severity: 'low',
        subject: 'opc.tcp://press-3:4840',
        message: 'server certificate pinned at first use',
      },
    ],
  },
});
