import type { DataType, NodeId } from 'node-opcua';
import type { PlainValue } from '../../tags/plain-value.ts';
import type { Budget } from './value-limits.ts';
import type { EnumerationNames, TypeLookup } from './value-type.ts';

/** What the decoding of one value needs, and the ways back into it for the values within values. */
export interface DecodeContext {
  readonly types: TypeLookup;
  readonly budget: Budget;
  /** One value of a built-in type as the library holds it. @throws ValueRefusedError. */
  plainOf(dataType: DataType, value: unknown, names?: EnumerationNames | null): PlainValue;
  /** The undecoded body of an extension object. @throws ValueRefusedError. */
  plainOfBody(encodingId: NodeId, body: Buffer): PlainValue;
}
