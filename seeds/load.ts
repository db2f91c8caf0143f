import { readFile } from 'node:fs/promises';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { parseDocument } from 'yaml';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import { LocalText } from '../broker/contract/plant.ts';

const Figure = Type.Object({
  id: Type.String({ pattern: '^[a-z0-9-]+$' }),
  title: LocalText,
  actual2016: Type.Union([Type.String(), Type.Null()]),
  target2017: Type.Union([Type.String(), Type.Null()]),
  unit: Type.String(),
  sentence: Type.String({
    minLength: 4,
    description: 'The sentence of the source the figure comes from, in its language.',
  }),
  scope: Type.Enum(['core', 'secondary', 'out']),
});

/** A founding document with its figures, as files in seeds/targets have it. */
export const FoundingDocument = Type.Object({
  id: Type.String(),
  title: LocalText,
  source: Type.String({ minLength: 4 }),
  figures: Type.Array(Figure, { minItems: 1 }),
});
export type FoundingDocument = Static<typeof FoundingDocument>;

const check = Compile(FoundingDocument);

/**
 * Loads `seeds/targets/<id>.yaml`.
 * @throws JoulegateError SEED_INVALID naming the file and the key, also when there is no such document.
 */
export async function loadFoundingDocument(id: string): Promise<FoundingDocument> {
  const file = new URL(`./targets/${encodeURIComponent(id)}.yaml`, import.meta.url);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new JoulegateError(
      'SEED_INVALID',
      `there is no founding document "${id}" (${file.pathname}: ${describeError(error)}); known: shanghai-2017`,
      { cause: error },
    );
  }
  const document = parseDocument(text);
  const [syntax] = document.errors;
  if (syntax !== undefined)
    throw new JoulegateError('SEED_INVALID', `${file.pathname}:${syntax.linePos?.[0].line ?? 1}: ${syntax.message}`);
  const content: unknown = document.toJS();
  if (check.Check(content)) return content;
  const [first] = check.Errors(content);
  throw new JoulegateError(
    'SEED_INVALID',
    `${file.pathname}: ${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}`,
  );
}
