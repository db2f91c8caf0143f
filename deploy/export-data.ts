import { join, resolve } from 'node:path';
import { JoulegateError } from '../broker/contract/error.ts';
import { exportFigures } from '../scoring/main.ts';
import type { CommandContext } from './commands/context.ts';
import type { ExportDataOptions } from './commands/export-data.ts';

const FIRST = -8.64e15;
const LAST = 8.64e15;

/** Writes figures of the store to a file. @throws JoulegateError USAGE, STORE_FAILED. */
export async function exportDataCommand(
  kind: 'windows' | 'scores',
  options: ExportDataOptions,
  { cwd, stdout }: CommandContext,
): Promise<void> {
  const { output, window, path } = options;
  const format = options.format ?? (output.endsWith('.parquet') ? 'parquet' : 'csv');
  const from = instant('--from', options.from, FIRST);
  const to = instant('--to', options.to, LAST);
  if (from >= to) throw new JoulegateError('USAGE', '--from must lie before --to');
  const folder = join(resolve(cwd, options.data), 'scoring');
  const rows = await exportFigures({
    folder,
    file: resolve(cwd, output),
    format,
    query: { kind, window, path, from, to },
  });
  stdout.write(
    options.json === true ? `${JSON.stringify({ file: output, format, rows })}\n` : `${rows} rows in ${output}\n`,
  );
}

function instant(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const at = /^\d{4}-\d{2}-\d{2}(T|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new JoulegateError('USAGE', `${name} ${text} is no instant; write 2026-11-01 or 2026-11-01T08:00:00+08:00`);
}
