import { eventCard, type DetectionCard } from './card.ts';

/** Another list may be an update, or a door that somebody opened. */
export const endpointsChanged: DetectionCard = eventCard({
  rule: {
    name: 'endpoints-changed',
    severity: 'medium',
    technique: { id: 'T0830', name: 'Adversary-in-the-Middle' },
    title: { en: 'Endpoint list of a server changed', zh: '服务器端点列表已变更' },
    ends: 'by-review',
  },
  catalogue: ['D19'],
  source: 'gateway, endpoint list against the remembered one',
  evidence: 'both lists',
  falsePositives: 'a firmware update',
  kinds: ['server-endpoints-changed'],
  judge: ({ source, subject, equipment, message }) => ({ principal: source, subject, equipment, message }),
  vector: {
    triggers: [
      {
        kind: 'server-endpoints-changed',
        subject: 'opc.tcp://press-3:4840',
        message: 'offers other endpoints than at the last session',
      },
    ],
    quiet: [{ kind: 'endpoint-connected', subject: 'opc.tcp://press-3:4840' }],
  },
});
