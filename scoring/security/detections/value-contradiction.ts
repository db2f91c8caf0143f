import { eventCard, type DetectionCard } from './card.ts';

/** What a tag sends does not fit what is known of it. */
export const valueContradiction: DetectionCard = eventCard({
  rule: {
    name: 'value-contradiction',
    severity: 'low',
    technique: { id: 'T0856', name: 'Spoof Reporting Message' },
    title: { en: 'Type or unit of a value contradicts its description', zh: '数值类型或单位与描述不符' },
    ends: 'by-review',
  },
  catalogue: ['D14', 'D33'],
  source: 'gateway, values against the registry of tags',
  evidence: 'tag, what was expected, what came',
  falsePositives: 'a firmware update that changes a type',
  kinds: ['value-not-a-number', 'unit-contradiction'],
  judge: ({ source, subject, equipment, message }) => ({ principal: source, subject, equipment, message }),
  vector: {
    triggers: [
      { kind: 'value-not-a-number', subject: 'press-1/power', equipment: 'press-1', message: 'NaN is no value' },
    ],
    quiet: [{ kind: 'node-changed', subject: 'press-1/power' }],
  },
});
