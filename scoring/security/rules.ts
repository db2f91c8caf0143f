import type { Alert, AlertSeverity } from './alert.ts';

/** Version of ATT&CK for ICS that all technique ids are of. */
export const ATTACK_VERSION = '18.1';

/** What is fixed about a detection, whatever it sees. Techniques are of ATT&CK for ICS 18.1. */
export type Rule = {
  /** Stable id, kebab-case. */
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly technique?: NonNullable<Alert['technique']>;
  readonly title: Alert['title'];
  /**
   * by-signal: the detection itself tells when the condition is over, so a recurrence while it is active is never
   * a new alert. by-review: the sign was momentary; a person closes it, or 24 h of quiet end it.
   */
  readonly ends: 'by-signal' | 'by-review';
  /** Raised whenever the rule judges otherwise than before; left out: 1. */
  readonly version?: string;
};

/** Every rule of this version, by name; what is not named here ends by review. */
export const rules = {
  'sign-in-refused': {
    name: 'sign-in-refused',
    severity: 'low',
    technique: { id: 'T0859', name: 'Valid Accounts' },
    title: { en: 'Sign-in refused', zh: '登录被拒绝' },
    ends: 'by-review',
  },
  'topic-denied': {
    name: 'topic-denied',
    severity: 'low',
    technique: { id: 'T0856', name: 'Spoof Reporting Message' },
    title: { en: 'Publish or subscribe denied', zh: '发布或订阅被拒绝' },
    ends: 'by-review',
  },
  'client-id-takeover': {
    name: 'client-id-takeover',
    severity: 'high',
    technique: { id: 'T0848', name: 'Rogue Master' },
    title: { en: 'Client id taken over', zh: '客户端标识被抢占' },
    ends: 'by-review',
  },
  'malformed-packet': {
    name: 'malformed-packet',
    severity: 'medium',
    technique: { id: 'T0814', name: 'Denial of Service' },
    title: { en: 'Malformed or oversized packet', zh: '报文畸形或超长' },
    ends: 'by-review',
  },
  'limit-hit': {
    name: 'limit-hit',
    severity: 'high',
    technique: { id: 'T0814', name: 'Denial of Service' },
    title: { en: 'Connection limit hit', zh: '连接数达到上限' },
    ends: 'by-review',
  },
  'server-certificate-changed': {
    name: 'server-certificate-changed',
    severity: 'high',
    technique: { id: 'T0830', name: 'Adversary-in-the-Middle' },
    title: { en: 'OPC UA server certificate changed', zh: 'OPC UA 服务器证书已变更' },
    ends: 'by-review',
  },
  'loss-of-view': {
    name: 'loss-of-view',
    severity: 'high',
    technique: { id: 'T0829', name: 'Loss of View' },
    title: { en: 'Loss of view: OPC UA server away', zh: '失去监视：OPC UA 服务器中断' },
    ends: 'by-signal',
  },
  'payload-refused': {
    name: 'payload-refused',
    severity: 'low',
    technique: { id: 'T0856', name: 'Spoof Reporting Message' },
    title: { en: 'Payload refused', zh: '数据报文被拒收' },
    ends: 'by-review',
  },
  'data-lost': {
    name: 'data-lost',
    severity: 'high',
    title: { en: 'Data lost', zh: '数据丢失' },
    ends: 'by-review',
  },
  'alerts-silenced': {
    name: 'alerts-silenced',
    severity: 'high',
    technique: { id: 'T0878', name: 'Alarm Suppression' },
    title: { en: 'Alerts silenced in bulk', zh: '批量搁置告警' },
    ends: 'by-review',
  },
  'audit-broken': {
    name: 'audit-broken',
    severity: 'critical',
    technique: { id: 'T0872', name: 'Indicator Removal on Host' },
    title: { en: 'Audit trail does not hold', zh: '审计记录链不完整' },
    ends: 'by-review',
  },
  'alert-flood': {
    name: 'alert-flood',
    severity: 'high',
    title: { en: 'Flood of alerts', zh: '告警泛滥' },
    ends: 'by-signal',
  },
  anomaly: {
    name: 'anomaly',
    severity: 'medium',
    title: { en: 'Anomalous behaviour', zh: '运行异常' },
    ends: 'by-signal',
  },
  'counter-unexplained': {
    name: 'counter-unexplained',
    severity: 'medium',
    technique: { id: 'T0856', name: 'Spoof Reporting Message' },
    title: { en: 'Counter step without explanation', zh: '计数器变化无法解释' },
    ends: 'by-review',
  },
} as const satisfies Record<string, Rule>;

/** How the condition of an alert of this rule ends. */
export function endOf(ruleName: string): Rule['ends'] {
  return Object.hasOwn(rules, ruleName) ? rules[ruleName as keyof typeof rules].ends : 'by-review';
}
