import { valueKind } from '../tags/value-batch.ts';
import type { ColumnCollector } from './value-columns.ts';
import { named, type EnumerationNames } from './values/value-type.ts';

/** Values of enumerations travel with their names. */
export function nameValues(collected: ColumnCollector, names: ReadonlyMap<number, EnumerationNames>): void {
  const { handles, kinds, numbers, length } = collected;
  for (let row = 0; row < length; row += 1) {
    const known = kinds[row] === valueKind.number ? names.get(handles[row] ?? 0) : undefined;
    if (known !== undefined) collected.setOther(row, named(known, numbers[row] ?? 0));
  }
}
