import { Type, type Static } from 'typebox';
import { alertSeverities } from '../security/alert.ts';

const Id = Type.String({ pattern: '^[a-z0-9-]{1,64}$' });
const ClockTime = Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', examples: ['22:00'] });
const Severity = Type.Enum(alertSeverities);

/** An SMTP server. */
export const MailSection = Type.Object(
  {
    host: Type.String({ minLength: 1 }),
    port: Type.Integer({ default: 587, minimum: 1, maximum: 65_535 }),
    security: Type.Enum(['starttls', 'tls', 'none'], {
      default: 'starttls',
      description:
        'starttls: refused when the server has none; tls: from the first byte (port 465); none: loopback only.',
    }),
    caFile: Type.Optional(Type.String({ description: 'PEM of the authority of the server, where no public one is.' })),
    username: Type.Optional(Type.String()),
    password: Type.Optional(Type.String({ description: 'Use file:PATH or ${ENV}.' })),
    from: Type.String({ minLength: 3, examples: ['Joulegate <joulegate@example.com>'] }),
  },
  { additionalProperties: false },
);
export type MailSection = Static<typeof MailSection>;

/** A webhook, or a robot of a chat. */
export const HookSection = Type.Object(
  {
    id: Id,
    format: Type.Enum(['json', 'dingtalk', 'wecom', 'feishu'], { default: 'json' }),
    url: Type.String({
      pattern: '^https?://',
      description: 'https; http on loopback only. Keep keys out of the file: ${ENV}.',
    }),
    token: Type.Optional(
      Type.String({
        description:
          'Signing secret: of the robot (DingTalk 加签, Feishu 签名校验), or for X-Joulegate-Signature (json). file:PATH or ${ENV}.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type HookSection = Static<typeof HookSection>;

/** A syslog receiver (SIEM) that gets every change of an alert as RFC 5424 with CEF. */
export const SyslogSection = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: 255 }),
    port: Type.Integer({ default: 6514, minimum: 1, maximum: 65_535 }),
    transport: Type.Enum(['udp', 'tcp', 'tls'], { default: 'tls', description: 'udp and tcp are not encrypted.' }),
    caFile: Type.Optional(
      Type.String({ description: 'PEM of the authority of the receiver; left out: those of the system.' }),
    ),
    minimumSeverity: Type.Enum(alertSeverities, { default: 'low' }),
    queue: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 100_000,
      description: 'Records that wait, at most.',
    }),
  },
  { additionalProperties: false },
);
export type SyslogSection = Static<typeof SyslogSection>;

/** Somebody who is told of alerts. */
export const RecipientSection = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    mail: Type.Optional(Type.Array(Type.String({ pattern: '^[^@\\s]+@[^@\\s]+$' }), { minItems: 1 })),
    hooks: Type.Optional(Type.Array(Id, { minItems: 1, description: 'Ids of `hooks`.' })),
    language: Type.Enum(['zh', 'en'], { default: 'zh' }),
    minimumSeverity: Type.Enum(alertSeverities, { default: 'medium' }),
    equipment: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'Paths with all below them; left out: the whole plant.',
      }),
    ),
    cleared: Type.Boolean({ default: false, description: 'Also when it is over.' }),
    quietHours: Type.Optional(
      Type.Object(
        {
          from: ClockTime,
          to: ClockTime,
          except: Type.Optional(Severity),
        },
        {
          additionalProperties: false,
          description:
            'Local time of the plant; what comes then is told in one message at the end. `except`: from this severity on at once.',
        },
      ),
    ),
    perHour: Type.Integer({
      default: 20,
      minimum: 1,
      description: 'Messages an hour at most; what is more is told in one message after the hour.',
    }),
  },
  { additionalProperties: false },
);
export type RecipientSection = Static<typeof RecipientSection>;

/** Section scoring.notifications: who is told of alerts, how and when. */
export const NotificationsSection = Type.Object(
  {
    consoleUrl: Type.Optional(Type.String({ pattern: '^https?://', description: 'Link in messages.' })),
    mail: Type.Optional(MailSection),
    hooks: Type.Optional(Type.Array(HookSection)),
    recipients: Type.Array(RecipientSection, { minItems: 1 }),
  },
  { additionalProperties: false },
);
export type NotificationsSection = Static<typeof NotificationsSection>;
