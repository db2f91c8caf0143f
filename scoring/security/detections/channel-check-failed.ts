import { eventCard, type DetectionCard } from './card.ts';

/** A server signature, nonce or certificate does not hold. */
export const channelCheckFailed: DetectionCard = eventCard({
  rule: {
    name: 'channel-check-failed',
    severity: 'high',
    technique: { id: 'T0830', name: 'Adversary-in-the-Middle' },
    title: { en: 'Secure channel check failed', zh: '安全通道校验失败' },
    ends: 'by-review',
  },
  catalogue: ['D20'],
  source: 'gateway, checks of nonces, signatures and certificates',
  evidence: 'reason, endpoint',
  falsePositives: 'a proxy, a server with a faulty stack',
  kinds: ['channel-check-failed'],
  judge: ({ source, subject, equipment, message }) => ({ principal: source, subject, equipment, message }),
  vector: {
    triggers: [
      { kind: 'channel-check-failed', severity: 'high', subject: 'opc.tcp://press-3:4840', message: 'repeated nonce' },
    ],
    quiet: [{ kind: 'endpoint-connected', subject: 'opc.tcp://press-3:4840' }],
  },
});
