import { Type, type Static } from 'typebox';
import { Duration } from './contract/duration.ts';

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
        { certFile: Type.String(), keyFile: Type.String(), caFile: Type.Optional(Type.String()) },
        { additionalProperties: false, description: 'PEM files; TLS 1.2 or later.' },
      ),
    ),
    limits: Type.Optional(
      Type.Object(
        {
          maxConnections: Type.Integer({ default: 1000, minimum: 1 }),
          maxConnectionsPerAddress: Type.Integer({ default: 100, minimum: 1 }),
          maxPacketBytes: Type.Integer({
            default: 1_048_576,
            minimum: 1024,
            description: 'After sign-in; 4 KiB before.',
          }),
          connectTimeout: Duration({ default: '5s', description: 'From TCP accept to CONNECT.' }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type BrokerSection = Static<typeof BrokerSection>;
