import { JoulegateError } from '../broker/contract/error.ts';
import type { Discovery } from '../gateway/tools.ts';
import type { CommandContext } from './commands/context.ts';
import { loadPlantConfig, requireSection } from './config/load.ts';

/**
 * Prints what a server offers that a plant file does not read (`+`), and what the file reads that is gone (`-`). Tags
 * that discovery would write as comments are left out, since somebody decided about them before.
 * @throws JoulegateError CONFIG_INVALID or USAGE when the file has no such server.
 */
export async function showDifference(
  { draft, addresses, stoppedBy }: Discovery,
  { endpoint, file, json }: { readonly endpoint: string; readonly file: string; readonly json: boolean },
  context: CommandContext,
): Promise<void> {
  const config = await loadPlantConfig(file, { env: context.env, sections: ['gateway'] });
  const servers = requireSection(config, 'gateway', file).servers.filter((server) => server.endpoint === endpoint);
  if (servers.length === 0) {
    throw new JoulegateError('USAGE', `${file} has no server with endpoint ${endpoint}; name the endpoint it has`);
  }
  const read = servers.flatMap(({ equipment }) =>
    equipment.flatMap(({ path, tags }) => tags.map(({ name, nodeId }) => ({ where: `${path}/${name}`, nodeId }))),
  );
  const known = new Set(read.map(({ nodeId }) => nodeId));
  const added = draft.servers
    .flatMap(({ equipment }) => equipment)
    .flatMap(({ path, tags }) => tags.map((tag) => ({ where: `${path}/${tag.name}`, ...tag })))
    .filter(({ isLive, nodeId }) => isLive && !known.has(nodeId))
    .map(({ where, nodeId, role, remark }) => ({ where, nodeId, role, remark }));
  // What was not reached is not gone; nodes of the OPC UA namespace are not browsed.
  const gone =
    stoppedBy === null ? read.filter(({ nodeId }) => nodeId.startsWith('nsu=') && !addresses.has(nodeId)) : [];
  if (json) {
    context.stdout.write(`${JSON.stringify({ endpoint, file, added, gone, stoppedBy })}\n`);
    return;
  }
  for (const { where, nodeId, role, remark } of added) {
    context.stdout.write(`+ ${where} ${nodeId}  (${role}, ${remark})\n`);
  }
  for (const { where, nodeId } of gone) context.stdout.write(`- ${where} ${nodeId}\n`);
  if (stoppedBy !== null) context.stderr.write(`not complete: stopped at ${stoppedBy}; nothing is said to be gone\n`);
  else if (added.length + gone.length === 0) context.stdout.write(`${file} has what the server has\n`);
}
