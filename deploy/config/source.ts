import { open } from 'node:fs/promises';
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import { PlantConfigError, type ConfigPath } from './problem.ts';

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_ALIASES = 1000;

/** A parsed YAML file that still knows on which line each key stands. */
export type YamlSource = {
  readonly file: string;
  readonly document: Document.Parsed;
  /** Plain data, aliases and merge keys resolved. */
  readonly value: unknown;
  /** Line of the key or item; of the nearest one above it that stands in the file when it is missing. */
  readonly lineOf: (path: ConfigPath) => number;
};

/**
 * Reads a YAML file of at most 8 MiB. `file` is how messages name it.
 * @throws JoulegateError CONFIG_UNREADABLE; CONFIG_INVALID with the lines when it is no YAML or expands without measure.
 */
export async function readYaml(file: string): Promise<YamlSource> {
  return parseYaml(file, await readText(file));
}

async function readText(file: string): Promise<string> {
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    if (size > MAX_BYTES) {
      throw new JoulegateError(
        'CONFIG_INVALID',
        `${file} has ${(size / 1024 / 1024).toFixed(1)} MiB, more than the ${MAX_BYTES / 1024 / 1024} MiB a plant.yaml may have; is it the right file?`,
      );
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile());
    return text;
  } catch (error) {
    if (error instanceof JoulegateError) throw error;
    const reason = error instanceof TypeError ? 'it is not UTF-8 text' : describeError(error);
    throw new JoulegateError('CONFIG_UNREADABLE', `${file} cannot be read (${reason}); name a readable plant.yaml`, {
      cause: error,
    });
  }
}

/** The same for a text that is already in memory. */
export function parseYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseOrRefuse(file, text, lines);
  if (document.errors.length > 0) {
    throw new PlantConfigError(
      file,
      document.errors.map((error) => ({
        line: lines.linePos(error.pos[0]).line,
        path: [],
        message: yamlText(error.message),
      })),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `${file} cannot be expanded (${describeError(error)}); use fewer aliases (&, *)`,
      { cause: error },
    );
  }
  const lineAt = (offset: number | undefined): number => (offset === undefined ? 1 : lines.linePos(offset).line);
  return { file, document, value, lineOf: (path) => lineAt(offsetOf(document, path)) };
}

const yamlText = (message: string): string =>
  `${message.charAt(0).toLowerCase()}${message.slice(1).split('\n')[0] ?? ''}`;

/** The parser calls itself per level, so a file of brackets runs it out of stack. */
function parseOrRefuse(file: string, text: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter, merge: true, prettyErrors: false });
  } catch (error) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `${file} is nested too deeply (${describeError(error)}); is it the right file?`,
      {
        cause: error,
      },
    );
  }
}

function offsetOf(document: Document.Parsed, path: ConfigPath): number | undefined {
  let node: unknown = document.contents;
  let offset = (document.contents as Node | null)?.range?.[0];
  for (const part of path) {
    while (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}
