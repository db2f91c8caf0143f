import { Type, type Static } from 'typebox';

/** What a tag means for scoring. Everything downstream is driven by the role, never by the tag's name. */
export const tagRoles = [
  'energy-counter',
  'power',
  'output-counter',
  'output-rate',
  'scrap-counter',
  'state',
  'product',
  'order',
  'process',
] as const;
export const TagRole = Type.Enum(tagRoles, { description: 'What the tag means for scoring.' });
export type TagRole = Static<typeof TagRole>;

export const carriers = ['electricity', 'natural-gas', 'compressed-air', 'heat', 'cooling', 'steam', 'water'] as const;
export const Carrier = Type.Enum(carriers, {
  description: 'Energy carrier or energy-carrying medium that an energy tag meters.',
});
export type Carrier = Static<typeof Carrier>;

/** Machine states after mapping; PackML and vendor codes are mapped onto these by the tag's `states`. */
export const machineStates = ['run', 'idle', 'standby', 'off', 'alarm', 'changeover', 'unknown'] as const;
export const MachineState = Type.Enum(machineStates);
export type MachineState = Static<typeof MachineState>;

/**
 * Everything scoring has to know of a tag. It travels in the retained metadata as field properties,
 * so a reader needs no copy of the gateway's configuration.
 */
export const TagDescription = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 128, description: 'Field name, unique within its equipment.' }),
    role: TagRole,
    unit: Type.Optional(
      Type.String({
        description: 'Unit of the values as UCUM text or UNECE code, e.g. kW.h, W.h, kW, Cel, bar, {pcs}.',
        examples: ['kW.h'],
      }),
    ),
    carrier: Type.Optional(Carrier),
    modulus: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: "Counter rolls over to 0 at this value, in the tag's unit." }),
    ),
    ratedMax: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'Largest plausible rate: kW for energy and power tags, units per hour for counters of pieces.',
      }),
    ),
    accuracyClass: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Meter accuracy class in percent.' })),
    range: Type.Optional(
      Type.Tuple([Type.Number(), Type.Number()], { description: "Engineering range (EURange) in the tag's unit." }),
    ),
    coefficient: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'Equivalent output units per counted unit (折标系数). Default 1.',
      }),
    ),
    boundaryOutput: Type.Optional(
      Type.Boolean({ description: 'true: this output counter is the output of its line (last machine of the line).' }),
    ),
    states: Type.Optional(
      Type.Record(Type.String(), MachineState, {
        description: 'Maps the values of a state tag onto machine states, e.g. {"3": "run"}.',
      }),
    ),
    dataType: Type.Optional(Type.String({ description: 'OPC UA built-in type name, e.g. Double.' })),
    nodeId: Type.Optional(Type.String({ description: 'Where the value comes from, with namespace URI (nsu=).' })),
  },
  { additionalProperties: false },
);
export type TagDescription = Static<typeof TagDescription>;

/** An equipment and its tags as the metadata of one DataSetWriter describe them. */
export const EquipmentDescription = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      maxLength: 256,
      pattern: '^[^/\\s][^/]*(/[^/]+){0,4}$',
      description: 'ISA-95 equipment path below the site: area/line/equipment.',
      examples: ['stamping/press-line/press-1'],
    }),
    kind: Type.Optional(Type.String({ description: 'Kind of machine, e.g. stamping-press, reflow-oven, compressor.' })),
    displayName: Type.Optional(
      Type.Object(
        { en: Type.Optional(Type.String()), zh: Type.Optional(Type.String()) },
        { description: 'Names for people.' },
      ),
    ),
    site: Type.Optional(Type.String()),
    enterprise: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type EquipmentDescription = Static<typeof EquipmentDescription>;
