import { renderPlantDraft } from '../gateway/config/proposal/plant-draft.ts';
import { discoverPlant, openKnownServer, quietLibrary } from '../gateway/tools.ts';
import type { CommandContext } from './commands/context.ts';
import type { DiscoverCommandOptions } from './commands/discover.ts';
import { showDifference } from './plant-difference.ts';
import { serverTarget, withTrustHint, writeResult } from './server-target.ts';

/** Proposes a plant file. @throws JoulegateError as `openSession` does, USAGE when the file exists. */
export async function discoverCommand(
  endpoint: string,
  options: DiscoverCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { output, force, enterprise, site, timezone, depth, maxNodes } = options;
  quietLibrary();
  const target = await serverTarget(endpoint, options, context);
  await using server = await openKnownServer(target).catch((error: unknown) => {
    throw withTrustHint(error);
  });
  const { password: _resolved, ...settings } = target.server;
  const discovery = await discoverPlant(server, {
    // The file says where the password is, never the password.
    settings: { ...settings, ...(options.password === undefined ? {} : { password: options.password }) },
    enterprise,
    site,
    timezone,
    maxDepth: depth,
    maxNodes,
  });
  if (options.compare !== undefined) {
    await showDifference(discovery, { endpoint, file: options.compare, json: options.json === true }, context);
    return;
  }
  const { draft, variables, live, doubtful, stoppedBy } = discovery;
  const equipment = draft.servers.flatMap((entry) => entry.equipment).length;
  await writeResult(output, renderPlantDraft(draft), { context, force: force === true });
  const summary = { endpoint, variables, equipment, tags: live, doubtful, stoppedBy, file: output ?? null };
  if (options.json === true) context.stderr.write(`${JSON.stringify(summary)}\n`);
  else {
    context.stderr.write(
      `${variables} variables: ${live} tags of ${equipment} equipment, ${doubtful} more as comments${stoppedBy === null ? '' : ` (not complete: ${stoppedBy})`}\n`,
    );
    if (output !== undefined) context.stderr.write(`next: joulegate check ${output} --connect\n`);
  }
}
