import type { PlainValue } from '../../broker/contract/data-message.ts';

export type { PlainValue } from '../../broker/contract/data-message.ts';

/** How OPC UA JSON writes the numbers that JSON has no literal for (OPC 10000-6 5.4.2.4). */
export function nonFiniteText(value: number): 'NaN' | 'Infinity' | '-Infinity' {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

/** Whether a value is one number, text or truth value; null, arrays and structures are not. */
export function isScalar(value: PlainValue): value is boolean | number | string {
  return value !== null && typeof value !== 'object';
}

/** JSON text of a value. NaN and ±Infinity become the texts of OPC UA JSON at any depth, so the result always parses. */
export function encodePlainValue(value: PlainValue): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${nonFiniteText(value)}"`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return JSON.stringify(value, replaceNonFinite);
}

function replaceNonFinite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? nonFiniteText(value) : value;
}
