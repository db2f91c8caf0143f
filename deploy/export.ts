import { toPublishedNodes } from '../gateway/config/import/export-published-nodes.ts';
import type { CommandContext } from './commands/context.ts';
import type { ExportCommandOptions } from './commands/export.ts';
import { loadPlantConfig, requireSection } from './config/load.ts';
import { noteLines } from './import.ts';
import { writeResult } from './server-target.ts';

/** Writes the gateway's tags as an OPC Publisher file. @throws JoulegateError CONFIG_INVALID, CONFIG_UNREADABLE, USAGE. */
export async function exportCommand(
  file: string,
  options: ExportCommandOptions,
  context: CommandContext,
): Promise<void> {
  const config = await loadPlantConfig(file, { env: context.env, sections: ['gateway'] });
  const { entries, notes } = toPublishedNodes(requireSection(config, 'gateway', file));
  await writeResult(options.output, `${JSON.stringify(entries, null, 2)}\n`, {
    context,
    force: options.force === true,
  });
  if (options.json === true) context.stderr.write(`${JSON.stringify({ entries: entries.length, notes })}\n`);
  else context.stderr.write(noteLines(notes));
}
