import type { TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import { Value } from 'typebox/value';
import { closest } from './closest.ts';
import type { ConfigPath } from './problem.ts';
import { isSecretKey } from './secrets.ts';

export type PathProblem = { readonly path: ConfigPath; readonly message: string };

/** What we read of a JSON Schema. */
type SchemaNode = {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode | readonly SchemaNode[];
  readonly description?: string;
  readonly examples?: readonly unknown[];
};

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'a map of keys',
  array: 'a list',
};
const durationPattern = String.raw`^\d+(\.\d+)?(ms|s|m|h|d)$`;
const ENOUGH = 100;

/** Everything in `value` that does not fit the schema, each with its place and what to write instead. */
export function schemaProblems(schema: TSchema, value: unknown): PathProblem[] {
  const problems: PathProblem[] = [];
  for (const { keyword, instancePath, params, message } of errorsOf(schema, value)) {
    const path = toPath(instancePath, value);
    const node = nodeAt(schema, path);
    const given = valueAt(value, path);
    const shown = isSecretKey(path.at(-1)) ? 'the value' : show(given);
    const add = (text: string, at: ConfigPath = path) => problems.push({ path: at, message: text });
    const { allowedValues, additionalProperties, requiredProperties, type, limit, pattern } = params as ErrorParams;
    if (given === null) {
      add(`is empty; fill it in or remove the key`);
    } else if (keyword === 'enum' && allowedValues !== undefined) {
      add(`${shown} is not known; use one of ${allowedValues.join(', ')}`);
    } else if (keyword === 'additionalProperties' && additionalProperties !== undefined) {
      for (const key of additionalProperties) add(unknownKey(key, Object.keys(node?.properties ?? {})), [...path, key]);
    } else if (keyword === 'required' && requiredProperties !== undefined) {
      for (const key of requiredProperties) add(`needs the key ${key}${hint(node?.properties?.[key])}`);
    } else if (keyword === 'type' && type !== undefined) {
      add(`${shown} must be ${typeNames[type] ?? type}${hint(node)}`);
    } else if (keyword === 'pattern') {
      add(
        pattern === durationPattern
          ? `${shown} is not a duration; write a number and one of ms, s, m, h, d, e.g. 500ms`
          : `${shown} does not fit ${pattern ?? 'the pattern'}${hint(node)}`,
      );
    } else if (keyword === 'minItems' || keyword === 'maxItems') {
      add(
        `must have at ${keyword === 'minItems' ? 'least' : 'most'} ${limit ?? '?'} ${limit === 1 ? 'item' : 'items'}${hint(node)}`,
      );
    } else if (keyword !== 'boolean' || path.length === 0 || typeof path.at(-1) === 'number') {
      add(`${shown} ${keyword === 'boolean' ? 'is one item too many' : message}${hint(node)}`);
    }
  }
  return problems;
}

type ErrorParams = {
  readonly allowedValues?: readonly string[];
  readonly additionalProperties?: readonly string[];
  readonly requiredProperties?: readonly string[];
  readonly type?: string;
  readonly limit?: number;
  readonly pattern?: string;
};

/** TypeBox stops at 8 errors by a process-wide setting; it is put back before anything else runs. */
function errorsOf(schema: TSchema, value: unknown) {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: ENOUGH });
  try {
    return Value.Errors(schema, value);
  } finally {
    Settings.Set({ maxErrors });
  }
}

const unknownKey = (key: string, known: readonly string[]): string => {
  const meant = closest(key, known);
  return meant === null
    ? `is not a known key; known here: ${known.join(', ')}`
    : `is not a known key; did you mean ${meant}?`;
};

const hint = (node: SchemaNode | undefined): string => {
  const example = node?.examples?.[0];
  if (example !== undefined) return `; e.g. ${typeof example === 'string' ? example : JSON.stringify(example)}`;
  return node?.description === undefined ? '' : ` (${node.description.replace(/\.$/, '')})`;
};

/** A value for a message: short, on one line, control characters escaped. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** A JSON Pointer as keys and indexes. */
function toPath(pointer: string, value: unknown): ConfigPath {
  const path: (string | number)[] = [];
  let current = value;
  for (const raw of pointer.split('/').slice(1)) {
    const key = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(current) ? Number(key) : key);
    current = (current as Record<string, unknown> | null | undefined)?.[key];
  }
  return path;
}

export function valueAt(value: unknown, path: ConfigPath): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}

function nodeAt(schema: SchemaNode, path: ConfigPath): SchemaNode | undefined {
  let node: SchemaNode | undefined = schema;
  for (const part of path) {
    if (typeof part === 'number') {
      const items: SchemaNode['items'] = node?.items;
      node = Array.isArray(items) ? (items as readonly SchemaNode[])[part] : (items as SchemaNode | undefined);
    } else {
      node = node?.properties?.[part] ?? Object.values(node?.patternProperties ?? {})[0];
    }
  }
  return node;
}
