import { Type, type Static } from 'typebox';
import { Duration } from '../../broker/contract/duration.ts';
import { MqttClientSection } from '../../broker/contract/plant.ts';
import { EquipmentDescription, TagDescription } from '../../broker/contract/tag.ts';

const triggers = ['status', 'status-value', 'status-value-timestamp'] as const;

/** How a tag is sampled; given per server and overridden per tag. */
const samplingMembers = {
  samplingInterval: Type.Optional(
    Duration({ description: 'Sampling interval asked of the server; 0ms = report every change. Default 1s.' }),
  ),
  publishingInterval: Type.Optional(Duration({ description: 'Publishing interval of the subscription. Default 1s.' })),
  queueSize: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: 'Values the server queues per tag. Default: publishing / sampling, at least 10.',
    }),
  ),
  trigger: Type.Optional(
    Type.Enum(triggers, {
      description: 'Data change trigger. Default: status-value-timestamp for counters, status-value for the rest.',
    }),
  ),
  discard: Type.Optional(
    Type.Enum(['oldest', 'newest'], { description: 'What the server drops when its queue is full. Default: oldest.' }),
  ),
  deadband: Type.Optional(
    Type.Union([Type.Number({ minimum: 0 }), Type.String({ pattern: '^\\d+(\\.\\d+)?%$' })], {
      description:
        'Changes smaller than this are not sent: 0.5 = absolute, 2% = of the EURange of the node. Never for counters, state, product and order.',
    }),
  ),
  heartbeat: Type.Optional(
    Duration({
      description:
        'A tag that is quiet for this long has its last value sent once more, marked and never scored. Default: never.',
    }),
  ),
  skipFirst: Type.Optional(
    Type.Boolean({ description: 'Do not pass on the value that is there when the gateway connects. Default: false.' }),
  ),
};

const { nodeId: _nodeId, ...tagMembers } = TagDescription.properties;
const { site: _site, enterprise: _enterprise, ...equipmentMembers } = EquipmentDescription.properties;

/** A tag: its description (it travels in the metadata) and where to read it. */
export const TagConfig = Type.Object(
  {
    ...tagMembers,
    nodeId: Type.String({
      minLength: 3,
      description: 'Node id with namespace URI. ns= indexes are refused but for namespace 0.',
      examples: ['nsu=urn:acme:plc;s=Press1.Energy'],
    }),
    ...samplingMembers,
  },
  { additionalProperties: false },
);
export type TagConfig = Static<typeof TagConfig>;

/** Tags by browse path: what a glob matches is looked up at the server and kept in a lock file. */
export const BrowseConfig = Type.Object(
  {
    glob: Type.String({
      minLength: 1,
      maxLength: 512,
      description:
        'Glob over browse paths below Objects: * within a name, ** over names, / between names. Every variable it matches becomes a tag.',
      examples: ['Plant1/Press/**/Temperature*'],
    }),
    role: Type.Optional(Type.Enum(['process', 'state'], { description: 'Role of the tags. Default: process.' })),
    unit: tagMembers.unit,
    max: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_000, description: 'Tags it may become at most. Default 500.' }),
    ),
    whenChanged: Type.Optional(
      Type.Enum(['wait', 'add'], {
        description:
          'What happens when it matches other nodes later. wait (default): a person takes the change over. add: new nodes become tags at once; gone ones wait.',
      }),
    ),
    ...samplingMembers,
  },
  { additionalProperties: false },
);
export type BrowseConfig = Static<typeof BrowseConfig>;

export const EquipmentConfig = Type.Object(
  {
    ...equipmentMembers,
    tags: Type.Array(TagConfig, { description: 'At least one, unless there is browse.' }),
    browse: Type.Optional(Type.Array(BrowseConfig, { maxItems: 50 })),
  },
  { additionalProperties: false },
);
export type EquipmentConfig = Static<typeof EquipmentConfig>;

export const securityModes = ['None', 'Sign', 'SignAndEncrypt', 'best'] as const;
export const securityPolicies = [
  'None',
  'Basic256Sha256',
  'Aes128_Sha256_RsaOaep',
  'Aes256_Sha256_RsaPss',
  'Basic256',
  'Basic128Rsa15',
  'best',
] as const;

/** What may be wrong with a server and still be accepted by name. */
export const serverFaults = ['validity', 'host-name', 'application-uri', 'weak-key', 'endpoint-list'] as const;

export const ServerConfig = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9_.-]{1,64}$',
      description: 'Short name of the OPC UA server; also the writer group.',
    }),
    endpoint: Type.String({ pattern: '^opc\\.tcp://', examples: ['opc.tcp://press-3:4840'] }),
    securityMode: Type.Enum(securityModes, {
      default: 'best',
      description:
        'best = the strongest the server offers; when it later offers less, it is refused until a person accepts that.',
    }),
    securityPolicy: Type.Enum(securityPolicies, {
      default: 'best',
      description: 'best = the strongest the server offers. Basic256 and Basic128Rsa15 rest on SHA-1: only by name.',
    }),
    allowInsecure: Type.Optional(
      Type.Boolean({
        description: 'Lets a server that is not on this machine be read without security. Default false.',
      }),
    ),
    username: Type.Optional(Type.String({ description: 'The password goes only over an encrypted channel.' })),
    password: Type.Optional(Type.String({ description: 'Use file:PATH or ${ENV}.' })),
    allowPlainPasswordToken: Type.Optional(
      Type.Boolean({
        description:
          'Signs in also where the server protects passwords by nothing but the encrypted channel (token policy None). Default false.',
      }),
    ),
    userCertificate: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'X.509 sign-in instead of username: path of the certificate, PEM or DER.',
      }),
    ),
    userPrivateKey: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Path of the RSA key of userCertificate, PEM without a passphrase, mode 0600.',
      }),
    ),
    trustServerCertificate: Type.Enum(['pinned', 'first-use'], {
      default: 'pinned',
      description:
        'pinned: an unknown certificate is refused and put aside. first-use: the first one seen is pinned (demo, commissioning).',
    }),
    tolerate: Type.Optional(
      Type.Array(Type.Enum(serverFaults), {
        description:
          'Faults of this server that a person accepts: certificate out of its time (validity), made out for another host (host-name) or application (application-uri), key too short (weak-key); endpoint list that differs inside the session (endpoint-list).',
      }),
    ),
    dataTypes: Type.Optional(
      Type.Enum(['read', 'off'], {
        description:
          'read (default): data types are read, so that structures become JSON and enumerations get their names. off: nothing of them is asked, for servers that take it badly.',
      }),
    ),
    reading: Type.Optional(
      Type.Enum(['subscribe', 'poll'], {
        description:
          'subscribe (default): the server reports changes; a server that cannot is polled. poll: always read at the sampling interval.',
      }),
    ),
    redundant: Type.Optional(
      Type.Array(Type.String({ pattern: '^opc\\.tcp://' }), {
        maxItems: 8,
        description:
          'Endpoints of further servers with the same nodes. One is read at a time: the next when it is lost, or when its ServiceLevel falls below 200 and another has a higher one.',
      }),
    ),
    browseInterval: Type.Optional(
      Duration({ description: 'How often the globs of browse are looked up anew. Default 1h, 10s at the least.' }),
    ),
    history: Type.Optional(
      Type.Enum(['fill', 'off'], {
        description:
          'fill (default): after an outage the missing values of nodes with a history are read from it. off: never.',
      }),
    ),
    events: Type.Optional(
      Type.Object(
        {
          mode: Type.Optional(
            Type.Enum(['on', 'off'], {
              description:
                'on (default): alarms, audit events and other events are passed on where the server has them.',
            }),
          ),
          minimumSeverity: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 1000,
              description: 'Events of less severity are left out. Default 1.',
            }),
          ),
          notifiers: Type.Optional(
            Type.Array(Type.String({ minLength: 3 }), {
              maxItems: 100,
              description:
                'Node ids with namespace URI of further objects that raise events; the Server object is always asked.',
            }),
          ),
          perSecond: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 1000,
              description:
                'Events passed on per second at most, ten seconds of them at once; the rest is counted. Default 20.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    ...samplingMembers,
    equipment: Type.Array(EquipmentConfig),
  },
  { additionalProperties: false },
);
export type ServerConfig = Static<typeof ServerConfig>;

/** Where the gateway answers supervisors and scrapers. */
export const ProbeSection = Type.Object(
  {
    host: Type.Optional(Type.String({ description: 'Default 127.0.0.1; beyond loopback only with tls and token.' })),
    port: Type.Integer({ minimum: 0, maximum: 65_535, examples: [9464] }),
    token: Type.Optional(
      Type.String({ minLength: 16, description: 'Bearer token for /readyz and /metrics. Use file:PATH or ${ENV}.' }),
    ),
    tls: Type.Optional(
      Type.Object(
        { certFile: Type.String(), keyFile: Type.String() },
        { additionalProperties: false, description: 'PEM files; TLS 1.2 or later.' },
      ),
    ),
  },
  { additionalProperties: false, description: 'Serves /healthz, /readyz and /metrics. Left out: nothing listens.' },
);
export type ProbeSection = Static<typeof ProbeSection>;

/** Section `gateway` of plant.yaml. */
export const GatewaySection = Type.Object(
  {
    publisherId: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$', default: 'gateway-1' }),
    mqtt: Type.Optional(MqttClientSection),
    outbox: Type.Optional(
      Type.Object(
        {
          maxMegabytes: Type.Number({
            default: 1024,
            minimum: 1,
            description: 'Oldest records are dropped, counted and reported beyond this.',
          }),
          maxAge: Type.Optional(
            Duration({ description: 'Records older than this are dropped, counted and reported. Default: no limit.' }),
          ),
          groupCommit: Type.Optional(
            Duration({
              description:
                'How long values are gathered in memory for one write to disk: fewer writes, more latency. Nothing is acknowledged to the OPC UA server before it is on disk. At most 100ms. Default: 0ms.',
            }),
          ),
          drain: Type.Optional(
            Type.Enum(['oldest-first', 'live-first'], {
              description:
                'After an outage: everything in the order it was measured, or machine by machine, so that those that are up to date stay so. The order within a machine is kept in both. Default: oldest-first.',
            }),
          ),
          requiredConsumers: Type.Array(Type.String(), {
            default: ['scoring'],
            description:
              'Records are kept until every one of these has committed them. Empty: until the broker acknowledged them.',
          }),
        },
        { additionalProperties: false },
      ),
    ),
    keepAliveInterval: Duration({
      default: '10s',
      description: 'A quiet writer says at least this often that its values are unchanged.',
    }),
    certificateRenewBefore: Type.Optional(
      Duration({
        description: "How long before its end the gateway's own certificate is renewed. Default 30d.",
      }),
    ),
    probes: Type.Optional(ProbeSection),
    servers: Type.Array(ServerConfig, { minItems: 1 }),
  },
  { additionalProperties: false },
);
export type GatewaySection = Static<typeof GatewaySection>;
