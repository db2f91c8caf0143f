import { eventCard, type DetectionCard } from './card.ts';

/** Build, product or version differ from what was remembered. */
export const softwareChanged: DetectionCard = eventCard({
  rule: {
    name: 'software-changed',
    severity: 'high',
    technique: { id: 'T0857', name: 'System Firmware' },
    title: { en: 'Software of a server changed', zh: '服务器软件已变更' },
    ends: 'by-review',
  },
  catalogue: ['D25'],
  source: 'gateway, BuildInfo of the server',
  evidence: 'software before and after',
  falsePositives: 'a planned update',
  kinds: ['server-software-changed'],
  judge: ({ source, subject, equipment, message }) => ({ principal: source, subject, equipment, message }),
  vector: {
    triggers: [
      { kind: 'server-software-changed', subject: 'opc.tcp://press-3:4840', message: 'the software is 2.0, was 1.0' },
    ],
    quiet: [{ kind: 'server-state-changed', subject: 'opc.tcp://press-3:4840' }],
  },
});
