import { Type, type Static } from 'typebox';
import { PlantSection } from '../../broker/contract/plant.ts';
import { BrokerSection } from '../../broker/config.ts';
import { GatewaySection } from '../../gateway/config/schema.ts';
import { ScoringSection } from '../../scoring/config.ts';

/** Sections of plant.yaml that belong to one service each. */
export const sectionNames = ['gateway', 'broker', 'scoring'] as const;
export type SectionName = (typeof sectionNames)[number];

/** The whole of plant.yaml. */
export const PlantConfig = Type.Object(
  {
    plant: PlantSection,
    gateway: Type.Optional(GatewaySection),
    broker: Type.Optional(BrokerSection),
    scoring: Type.Optional(ScoringSection),
  },
  { additionalProperties: false, title: 'Joulegate plant.yaml' },
);
export type PlantConfig = Static<typeof PlantConfig>;

/** JSON Schema of plant.yaml, for editors. Members with a default may be left out, so they are not required. */
export function plantJsonSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...(relaxed(structuredClone(PlantConfig)) as object),
  };
}

type SchemaNode = { properties?: Record<string, { default?: unknown }>; required?: string[] };

const relaxed = (node: unknown): unknown => {
  if (typeof node !== 'object' || node === null) return node;
  for (const child of Object.values(node)) relaxed(child);
  const { properties, required } = node as SchemaNode;
  if (properties !== undefined && Array.isArray(required)) {
    (node as SchemaNode).required = required.filter((key) => properties[key]?.default === undefined);
  }
  return node;
};
