import { sha256 } from './sha256.ts';

/** Raised whenever the arithmetic of a figure changes, so that a hash says which arithmetic it is of. */
export const ENERGY_CODE_VERSION = 'energy-2';

export type TraceValue =
  | number
  | string
  | boolean
  | null
  | readonly TraceValue[]
  | { readonly [key: string]: TraceValue };

/** Where a figure comes from. Same inputs, same bytes, same hash. */
export type FigureTrace = {
  readonly figure: string;
  readonly inputs: TraceValue;
  readonly result: TraceValue;
  readonly codeVersion: string;
  /** SHA-256 of the canonical text of everything above. */
  readonly hash: string;
};

/**
 * One text per content: keys sorted, no white space, numbers in their shortest form.
 * @throws RangeError for NaN and infinities, which are in no figure.
 */
export function canonicalText(value: TraceValue): string {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new RangeError(`${value} is in a figure; it must be a number or null with a reason`);
  if (value === null || typeof value !== 'object') return JSON.stringify(Object.is(value, -0) ? 0 : value);
  if (isList(value)) return `[${value.map(canonicalText).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalText(member)}`);
  return `{${members.join(',')}}`;
}

const isList = (value: TraceValue): value is readonly TraceValue[] => Array.isArray(value);

/** Trace of a figure with its hash. @throws RangeError for NaN and infinities. */
export function traceFigure(figure: string, inputs: TraceValue, result: TraceValue): FigureTrace {
  const codeVersion = ENERGY_CODE_VERSION;
  return { figure, inputs, result, codeVersion, hash: sha256(canonicalText({ figure, inputs, result, codeVersion })) };
}
