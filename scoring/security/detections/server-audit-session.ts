import { eventCard, type DetectionCard } from './card.ts';

/** A server says that it refused the session or certificate of another client. Needs a server that audits. */
export const serverAuditSession: DetectionCard = eventCard({
  rule: {
    name: 'server-audit-session',
    severity: 'medium',
    technique: { id: 'T0859', name: 'Valid Accounts' },
    title: { en: 'Server refused a session or certificate', zh: '服务器拒绝会话或证书' },
    ends: 'by-review',
  },
  catalogue: ['D21'],
  source: 'gateway, audit events of the server',
  evidence: 'all fields of the audit event',
  falsePositives: 'a service user of a panel with an old password',
  kinds: ['server-audit'],
  judge: ({ detail, source, principal, subject, message }) => {
    const type = String(detail?.['eventType'] ?? '');
    const refused = detail?.['succeeded'] === false && !/Write|UpdateMethod/.test(type);
    return refused || type.startsWith('AuditCertificate') ? { principal: principal ?? source, subject, message } : null;
  },
  vector: {
    triggers: [
      {
        kind: 'server-audit',
        principal: 'guest',
        message: 'session refused',
        detail: { eventType: 'AuditActivateSessionEventType', succeeded: false },
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
