import { readFile } from 'node:fs/promises';
import { describeError, JoulegateError } from '../broker/contract/error.ts';

/** The font of the reports: Noto Sans SC with the characters of GB 2312, Latin, Greek and units. @throws JoulegateError SEED_INVALID */
export async function loadReportFont(): Promise<Uint8Array> {
  const file = new URL('./fonts/noto-sans-sc.ttf', import.meta.url);
  try {
    return await readFile(file);
  } catch (error) {
    throw new JoulegateError(
      'SEED_INVALID',
      `the report font cannot be read: ${describeError(error)}; install joulegate again`,
      {
        cause: error,
      },
    );
  }
}
