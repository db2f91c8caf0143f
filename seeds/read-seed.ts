import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { describeError, JoulegateError } from '../broker/contract/error.ts';

/** What a compiled schema can do; the part of typebox that reading a seed needs. */
export type SeedCheck<T> = {
  Check(value: unknown): value is T;
  Errors(value: unknown): Iterable<{ readonly instancePath: string; readonly message: string }>;
};

/**
 * Reads one YAML file of figures against its schema.
 * @throws JoulegateError SEED_INVALID naming file and line of a syntax error, or file and key of what does not fit.
 */
export async function readSeed<T>(file: string | URL, check: SeedCheck<T>): Promise<T> {
  const name = typeof file === 'string' ? file : file.pathname;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new JoulegateError('SEED_INVALID', `${name} cannot be read: ${describeError(error)}`, { cause: error });
  }
  const document = parseDocument(text);
  const [syntax] = document.errors;
  if (syntax !== undefined)
    throw new JoulegateError('SEED_INVALID', `${name}:${syntax.linePos?.[0].line ?? 1}: ${syntax.message}`);
  const content: unknown = document.toJS();
  if (check.Check(content)) return content;
  const [first] = check.Errors(content);
  throw new JoulegateError('SEED_INVALID', `${name}: ${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}`);
}
