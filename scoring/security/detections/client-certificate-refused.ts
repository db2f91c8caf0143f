import { hostOf } from '../signal.ts';
import { eventCard, type DetectionCard } from './card.ts';

/** A certificate that is not trusted, revoked, or shown with the name of another. */
export const clientCertificateRefused: DetectionCard = eventCard({
  rule: {
    name: 'client-certificate-refused',
    severity: 'high',
    technique: { id: 'T0848', name: 'Rogue Master' },
    title: { en: 'Client certificate refused', zh: '客户端证书被拒绝' },
    ends: 'by-review',
  },
  catalogue: ['D06', 'D08'],
  source: 'broker, TLS handshake and CONNECT',
  evidence: 'certificate name, address, reason',
  falsePositives: 'an expired certificate of a device in stock',
  kinds: ['client-certificate-refused'],
  judge: ({ principal, address, source, message }) => ({
    principal,
    subject: address === undefined ? source : hostOf(address),
    message,
  }),
  vector: {
    triggers: [
      {
        kind: 'client-certificate-refused',
        address: '10.0.0.9:50123',
        message: 'client certificate refused: unknown authority',
      },
    ],
    quiet: [{ kind: 'own-certificate-new' }],
  },
});
