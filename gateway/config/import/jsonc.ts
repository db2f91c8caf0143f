import { describeError, JoulegateError } from '../../../broker/contract/error.ts';

/**
 * Parses JSON that may hold comments, commas before a closing bracket and a byte order mark.
 * @throws JoulegateError CONFIG_INVALID
 */
export function parseJsonc(text: string): unknown {
  try {
    return JSON.parse(withoutExtras(text));
  } catch (error) {
    throw new JoulegateError('CONFIG_INVALID', `the file is no JSON: ${describeError(error)}`, { cause: error });
  }
}

/** One pass over strings, comments and commas; what is inside strings stays, line breaks stay for line numbers. */
function withoutExtras(text: string): string {
  const token = /"(?:\\.|[^"\\])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|,(?=(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*[}\]])/g;
  return text
    .replace(/^\ufeff/, '')
    .replaceAll(token, (found) => (found.startsWith('"') ? found : found.replaceAll(/[^\n]/g, ' ')));
}
