import { eventCard, type DetectionCard } from './card.ts';

/** A server says that somebody else wrote a value or called a method. Needs a server that audits. */
export const serverAuditWrite: DetectionCard = eventCard({
  rule: {
    name: 'server-audit-write',
    severity: 'high',
    technique: { id: 'T0836', name: 'Modify Parameter' },
    title: { en: 'Write by another client', zh: '其他客户端写入' },
    ends: 'by-review',
  },
  catalogue: ['D22'],
  source: 'gateway, audit events of the server',
  evidence: 'all fields of the audit event',
  falsePositives: 'a recipe change by the control room',
  kinds: ['server-audit'],
  judge: ({ detail, source, principal, subject, message }) =>
    /Write|UpdateMethod/.test(String(detail?.['eventType'] ?? ''))
      ? { principal: principal ?? source, subject, message }
      : null,
  vector: {
    triggers: [
      {
        kind: 'server-audit',
        principal: 'hmi',
        subject: 'ns=2;s=setpoint',
        message: 'value written',
        detail: { eventType: 'AuditWriteUpdateEventType', succeeded: true },
      },
    ],
    quiet: [
      {
        kind: 'server-audit',
        principal: 'hmi',
        message: 'session opened',
        detail: { eventType: 'AuditActivateSessionEventType', succeeded: true },
      },
    ],
  },
});
