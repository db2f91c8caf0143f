import { Type, type Static } from 'typebox';
import { Duration, durationMs } from './contract/duration.ts';

const Filters = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { minItems: 1, description });

/** Forwarding of chosen topics to another broker. */
export const BridgeSection = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9_.-]{1,48}$',
      description: 'Names its queue and its client id upstream.',
    }),
    url: Type.String({ description: 'mqtts:// URL of the upstream broker without credentials; mqtt:// on loopback.' }),
    username: Type.Optional(Type.String()),
    password: Type.Optional(Type.String({ description: 'Use file:PATH or ${ENV}, never the literal.' })),
    caFile: Type.Optional(Type.String({ description: 'PEM of the authority that signed the upstream certificate.' })),
    certFile: Type.Optional(Type.String({ description: 'Own client certificate, PEM.' })),
    keyFile: Type.Optional(Type.String()),
    topics: Filters('Topic filters to forward.'),
    prefix: Type.Optional(
      Type.String({
        pattern: '^[^+#$]*/$',
        description: 'Put before every topic upstream, with its slash; what carries it is never forwarded again.',
        examples: ['pudong/'],
      }),
    ),
  },
  { additionalProperties: false },
);
export type BridgeSection = Static<typeof BridgeSection>;

const Listener = Type.Object(
  {
    transport: Type.Enum(['mqtt', 'mqtts', 'ws', 'wss'] as const),
    host: Type.String({ default: '127.0.0.1' }),
    port: Type.Integer({ minimum: 0, maximum: 65_535 }),
    path: Type.Optional(Type.String({ default: '/mqtt', pattern: '^/', description: 'Of a WebSocket listener.' })),
  },
  { additionalProperties: false },
);
export type Listener = Static<typeof Listener>;

const count = (value: number, description: string) =>
  Type.Optional(Type.Integer({ default: value, minimum: 1, description }));

const Limits = Type.Object(
  {
    maxConnections: count(1000, 'In all.'),
    maxConnectionsPerAddress: count(100, 'Of one IP address.'),
    connectionsPerSecond: count(50, 'New connections a second of one IP address; twice as many at once.'),
    maxPacketBytes: Type.Optional(
      Type.Integer({ default: 1_048_576, minimum: 1024, description: 'After sign-in; 4 KiB before.' }),
    ),
    maxTopicBytes: count(512, 'UTF-8 bytes of a topic or filter.'),
    maxTopicLevels: Type.Optional(Type.Integer({ default: 16, minimum: 1, maximum: 100 })),
    maxInflight: Type.Optional(
      Type.Integer({
        default: 1000,
        minimum: 1,
        maximum: 60_000,
        description: 'Unacknowledged QoS 1/2 messages per session, each way; more wait in its queue.',
      }),
    ),
    maxQueuedBytes: count(16_777_216, 'Queue of one session, on disk and in memory.'),
    maxQueuedBytesTotal: count(268_435_456, 'Queues of all sessions.'),
    maxBufferedBytes: count(8_388_608, 'Unsent bytes of one connection; a slower reader is dropped.'),
    maxRetainedMessages: count(10_000, 'Retained messages in all.'),
    maxRetainedBytes: count(67_108_864, 'Topics and payloads of retained messages.'),
    maxSubscriptions: count(100, 'Per client.'),
    minKeepAlive: Type.Optional(Duration({ default: '5s', description: 'A shorter one is taken as this.' })),
    maxKeepAlive: Type.Optional(Duration({ default: '1h', description: 'A longer one, or none, is taken as this.' })),
    connectTimeout: Type.Optional(Duration({ default: '5s', description: 'From TCP accept to CONNECT.' })),
    sessionExpiry: Type.Optional(
      Duration({ default: '7d', description: 'A session whose client stays away is dropped.' }),
    ),
  },
  { additionalProperties: false },
);

/** Section `broker` of plant.yaml. */
export const BrokerSection = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$', default: 'broker-1' }),
    host: Type.String({
      default: '127.0.0.1',
      description: 'Plain TCP binds to loopback only; any other address needs tls.',
    }),
    port: Type.Integer({ default: 1883, minimum: 0, maximum: 65_535 }),
    tls: Type.Optional(
      Type.Object(
        {
          certFile: Type.String(),
          keyFile: Type.String(),
          caFile: Type.Optional(Type.String({ description: 'Authorities of client certificates.' })),
          crlFile: Type.Optional(Type.String({ description: 'Revocation list of these authorities.' })),
          clientCertificate: Type.Optional(
            Type.Enum(['required', 'optional'] as const, {
              default: 'required',
              description: 'With caFile: the common name is the user name; it signs in without or beside a password.',
            }),
          ),
        },
        { additionalProperties: false, description: 'PEM files; TLS 1.2 or later. A changed file counts at once.' },
      ),
    ),
    listeners: Type.Optional(Type.Array(Listener, { description: 'Beside host and port, e.g. WebSocket.' })),
    allowPlain: Type.Optional(
      Type.Boolean({ default: false, description: 'Lets listeners without TLS be reachable from other machines.' }),
    ),
    allowedAddresses: Type.Optional(
      Type.Array(Type.String(), {
        description: 'IP addresses or networks that may connect; default all.',
        examples: [['10.2.0.0/16']],
      }),
    ),
    persistence: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Retained messages, sessions and queues outlive a restart; what is acknowledged is on disk.',
      }),
    ),
    metrics: Type.Optional(
      Type.Object(
        { host: Type.String({ default: '127.0.0.1' }), port: Type.Integer({ minimum: 0, maximum: 65_535 }) },
        { additionalProperties: false, description: 'HTTP with /metrics, /healthz and /readyz.' },
      ),
    ),
    bridges: Type.Optional(Type.Array(BridgeSection)),
    limits: Type.Optional(Limits),
  },
  { additionalProperties: false },
);
export type BrokerSection = Static<typeof BrokerSection>;

/** Limits in force; times in ms. */
export type BrokerLimits = {
  readonly [Key in Exclude<keyof Static<typeof Limits>, DurationKey>]-?: number;
} & { readonly [Key in DurationKey as `${Key}Ms`]: number };
type DurationKey = 'minKeepAlive' | 'maxKeepAlive' | 'connectTimeout' | 'sessionExpiry';

/** Given limits over the defaults of the schema. @throws JoulegateError CONFIG_INVALID for a text that is no duration. */
export function limitsOf(given: BrokerSection['limits']): BrokerLimits {
  const limits: Record<string, number> = {};
  for (const [key, schema] of Object.entries(Limits.properties)) {
    const value: unknown = given?.[key as keyof typeof given] ?? ('default' in schema ? schema.default : undefined);
    if (typeof value === 'string') limits[`${key}Ms`] = durationMs(value);
    else limits[key] = Number(value);
  }
  return limits as unknown as BrokerLimits;
}
