import type { PlainValue } from '../../tags/plain-value.ts';
import { ValueRefusedError } from './value-limits.ts';

const MAX_DIMENSIONS = 16;

/**
 * Cuts a flat list into arrays of arrays, the last dimension changing fastest (OPC 10000-6 5.2.5).
 * @throws ValueRefusedError when the dimensions do not fit the list.
 */
export function nest(flat: readonly PlainValue[], dimensions: readonly number[]): PlainValue {
  if (dimensions.length > MAX_DIMENSIONS) throw new ValueRefusedError('nested-too-deep');
  if (dimensions.reduce((product, size) => product * size, 1) !== flat.length) {
    throw new ValueRefusedError('body-malformed');
  }
  if (flat.length === 0) return [];
  let level: readonly PlainValue[] = flat;
  for (const size of dimensions.slice(1).reverse()) {
    const rows: PlainValue[] = [];
    for (let at = 0; at < level.length; at += size) rows.push(level.slice(at, at + size));
    level = rows;
  }
  return level;
}
