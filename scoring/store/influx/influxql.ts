import { JoulegateError } from '../../../broker/contract/error.ts';

export type InfluxValue = string | number | boolean | null;

/** One row of an InfluxQL answer: columns and the tags it is grouped by, by name. */
export type InfluxRow = Readonly<Record<string, InfluxValue>>;

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', "'": "\\'", '\n': '\\n' };
const escaped = (text: string, quote: '"' | "'"): string =>
  text.replaceAll(/[\\"'\n]/g, (mark) =>
    (mark === '"' || mark === "'") && mark !== quote ? mark : (escapes[mark] ?? mark),
  );

/** An identifier of InfluxQL that cannot end early. */
export const quoteName = (name: string): string => `"${escaped(name, '"')}"`;

/** A string of InfluxQL that cannot end early. */
export const quoteText = (text: string): string => `'${escaped(text, "'")}'`;

type QueryAnswer = {
  readonly error?: string;
  readonly message?: string;
  readonly results?: readonly {
    readonly error?: string;
    readonly series?: readonly {
      readonly tags?: Readonly<Record<string, string>>;
      readonly columns: readonly string[];
      readonly values?: readonly (readonly InfluxValue[])[];
    }[];
  }[];
};

/**
 * Rows of an answer to `/query?epoch=ms`. Servers report some errors with status 200, and in chunks.
 * @throws JoulegateError STORE_FAILED with the server's words.
 */
export function rowsOf(status: number, body: string): InfluxRow[] {
  let answer: QueryAnswer;
  try {
    answer = JSON.parse(body) as QueryAnswer;
  } catch {
    throw new JoulegateError(
      'STORE_FAILED',
      `InfluxDB answered a query with ${status} and no JSON: ${body.slice(0, 200)}; check scoring.influx.url`,
    );
  }
  const wrong =
    answer.error ??
    answer.results?.find((result) => result.error !== undefined)?.error ??
    (status >= 400 ? (answer.message ?? body) : undefined);
  if (wrong !== undefined)
    throw new JoulegateError('STORE_FAILED', `InfluxDB cannot answer a query (${status}): ${wrong.slice(0, 300)}`);
  return (answer.results ?? []).flatMap((result) =>
    (result.series ?? []).flatMap(({ tags, columns, values = [] }) =>
      values.map((row) => ({ ...tags, ...Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null])) })),
    ),
  );
}
