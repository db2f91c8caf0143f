import { Type, type Static } from 'typebox';

/** A text for people in the two languages of the product; one of them is enough. */
export const LocalText = Type.Object(
  { en: Type.Optional(Type.String()), zh: Type.Optional(Type.String()) },
  { additionalProperties: false, description: 'Text in English and Chinese.' },
);
export type LocalText = Static<typeof LocalText>;

/** Section `plant` of plant.yaml; every service may read it. */
export const PlantSection = Type.Object(
  {
    enterprise: Type.String({ minLength: 1, description: 'ISA-95 enterprise.', examples: ['acme'] }),
    site: Type.String({ minLength: 1, description: 'ISA-95 site; root of the equipment tree.', examples: ['pudong'] }),
    displayName: Type.Optional(LocalText),
    names: Type.Optional(
      Type.Record(Type.String(), LocalText, {
        description: 'Display names of areas and lines, by their path; equipment carries its own.',
        examples: [{ 'body/press-line': { en: 'Press line', zh: '冲压线' } }],
      }),
    ),
    timezone: Type.String({ default: 'Asia/Shanghai', description: 'IANA time zone of days, shifts and months.' }),
  },
  { additionalProperties: false },
);
export type PlantSection = Static<typeof PlantSection>;

/** How a service signs in to the MQTT broker. */
export const MqttClientSection = Type.Object(
  {
    url: Type.String({
      default: 'mqtt://127.0.0.1:1883',
      description: 'mqtt:// (loopback only) or mqtts:// URL without credentials.',
    }),
    username: Type.Optional(
      Type.String({
        description:
          'User name; default is the credential that the broker generated for this service in the data folder.',
      }),
    ),
    password: Type.Optional(Type.String({ description: 'Password; use file:PATH or ${ENV}, never the literal.' })),
    topicPrefix: Type.String({ default: 'opcua', pattern: '^[^+#/$][^+#]*$' }),
  },
  { additionalProperties: false },
);
export type MqttClientSection = Static<typeof MqttClientSection>;
