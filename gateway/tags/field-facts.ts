import type { EngineeringUnits } from '../../broker/contract/metadata-message.ts';
import type { TagDescription } from '../../broker/contract/tag.ts';

/** What a server says of the node of a field; whatever it does not say is left out. */
export type FieldFacts = {
  /** Built-in type id of OPC 10000-6 5.1.2. */
  readonly builtIn?: number;
  /** Data type with its namespace URI. */
  readonly dataType?: string;
  /** OPC 10000-3 5.6.2. */
  readonly valueRank?: number;
  readonly engineeringUnits?: EngineeringUnits;
  /** The unit in the spelling of our plant files (UCUM), when its code is known. */
  readonly unit?: string;
  /** EURange. */
  readonly range?: readonly [low: number, high: number];
};

/** The tag with unit and range of the server where the plant file leaves them out; what the plant file says stays. */
export function completeTag(tag: TagDescription, facts: FieldFacts): TagDescription {
  const unit = tag.unit ?? facts.unit;
  const range = tag.range ?? facts.range;
  if (unit === tag.unit && range === tag.range) return tag;
  return {
    ...tag,
    ...(unit === undefined ? {} : { unit }),
    ...(range === undefined ? {} : { range: [range[0], range[1]] }),
  };
}
