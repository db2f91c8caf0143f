import { join } from 'node:path';
import { EmbeddedStore } from './store/embedded/embedded-store.ts';
import { exportTable, type ExportQuery } from './store/export/table.ts';
import { writeTable, type ExportFormat } from './store/export/write-table.ts';

/**
 * Writes figures from the data folder of scoring to a file; the service may run meanwhile.
 * @returns how many rows. @throws JoulegateError STORE_FAILED.
 */
export async function exportFigures({
  folder,
  file,
  format,
  query,
}: {
  readonly folder: string;
  readonly file: string;
  readonly format: ExportFormat;
  readonly query: ExportQuery;
}): Promise<number> {
  await using store = EmbeddedStore.open({ file: join(folder, 'joulegate.db'), readOnly: true });
  return writeTable(exportTable(store, query), file, format);
}
