import { readFile } from 'node:fs/promises';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { describeError, JoulegateError } from '../broker/contract/error.ts';

/** What a compiled schema can do; the part of typebox that reading a seed needs. */
export type SeedCheck<T> = {
  Check(value: unknown): value is T;
  Errors(value: unknown): Iterable<{ readonly instancePath: string; readonly message: string }>;
};

/**
 * Reads one YAML file of figures against its schema.
 * @param problems what a schema cannot say, in words; a text that names its place as `key` or `key[index]` is shown with its line
 * @throws JoulegateError SEED_INVALID naming file and line of a syntax error or of what does not fit.
 */
export async function readSeed<T>(
  file: string | URL,
  check: SeedCheck<T>,
  problems: (content: T) => readonly string[] = () => [],
): Promise<T> {
  const name = typeof file === 'string' ? file : file.pathname;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new JoulegateError('SEED_INVALID', `${name} cannot be read: ${describeError(error)}`, { cause: error });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [syntax] = document.errors;
  if (syntax !== undefined)
    throw new JoulegateError('SEED_INVALID', `${name}:${syntax.linePos?.[0].line ?? 1}: ${syntax.message}`);
  const content: unknown = document.toJS();
  if (!check.Check(content)) {
    const [first] = check.Errors(content);
    const keys = keysOf(first?.instancePath ?? '');
    const place = `${name}:${lineOf(document, lines, keys)}`;
    throw new JoulegateError('SEED_INVALID', `${place}: ${keys.join('.')} ${first?.message ?? 'does not fit'}`);
  }
  const [problem] = problems(content);
  if (problem !== undefined)
    throw new JoulegateError('SEED_INVALID', `${name}:${lineOf(document, lines, keysNamed(problem))}: ${problem}`);
  return content;
}

type Keys = readonly (string | number)[];

/** Keys of a JSON pointer. */
const keysOf = (pointer: string): Keys =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key.replaceAll('~1', '/').replaceAll('~0', '~')));

/** The place a text names: `factors[3]` or, after a colon, `validTo`. */
function keysNamed(text: string): Keys {
  const [, list, index] = /\b(\w+)\[(\d+)\]/.exec(text) ?? [];
  if (list !== undefined) return [list, Number(index)];
  const [, key] = /: (\w+)/.exec(text) ?? [];
  return key === undefined ? [] : [key];
}

/** Line of the innermost of these keys that the file has; 1 when it has none of them. */
function lineOf(document: Document, lines: LineCounter, keys: Keys): number {
  for (let depth = keys.length; depth > 0; depth -= 1) {
    const node: unknown = document.getIn(keys.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
