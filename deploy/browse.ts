import { browseServer, openKnownServer, previewValue, quietLibrary, type BrowseResult } from '../gateway/tools.ts';
import type { BrowseOptions } from './commands/browse.ts';
import type { CommandContext } from './commands/context.ts';
import { serverTarget, withTrustHint } from './server-target.ts';

/** Prints what a server offers. @throws JoulegateError as `openSession` and `browseServer` do. */
export async function browseCommand(endpoint: string, options: BrowseOptions, context: CommandContext): Promise<void> {
  const { path, filter, depth, maxNodes } = options;
  quietLibrary();
  const target = await serverTarget(endpoint, options, context);
  await using server = await openKnownServer(target).catch((error: unknown) => {
    throw withTrustHint(error);
  });
  const result = await browseServer(server, {
    maxDepth: depth,
    maxNodes,
    ...(path === undefined ? {} : { path }),
    ...(filter === undefined ? {} : { filter }),
  });
  context.stdout.write(options.json === true ? asJson(endpoint, result) : asTree(result));
  if (options.json !== true) {
    for (const { address, status } of result.refused) context.stderr.write(`not browsed: ${address}: ${status}\n`);
    if (result.stoppedBy !== null) {
      const option = result.stoppedBy === 'max-nodes' ? '--max-nodes' : '--depth';
      context.stderr.write(`not complete: stopped at ${option}; raise it, or start lower down with --path\n`);
    }
  }
}

function asJson(endpoint: string, { entries, stoppedBy, refused }: BrowseResult): string {
  const nodes = entries.map(({ path, nodeId, nodeClass, type, details }) => ({
    path: path.join('/'),
    nodeId,
    nodeClass,
    type,
    ...(details === null
      ? {}
      : {
          dataType: details.dataType,
          status: details.reading.status,
          value: previewValue(details.reading.value),
          unit: details.unit?.text ?? null,
          unitCode: details.unit?.code ?? null,
        }),
  }));
  return `${JSON.stringify({ endpoint, nodes, stoppedBy, refused })}\n`;
}

function asTree({ entries }: BrowseResult): string {
  let text = '';
  for (const { depth, name, nodeId, nodeClass, details } of entries) {
    const line = `${'  '.repeat(depth)}${name}`;
    const value =
      details === null
        ? ''
        : details.reading.isBad
          ? details.reading.status
          : `${previewValue(details.reading.value)}${details.unit === null ? '' : ` ${details.unit.text}`}`;
    const type = details === null ? nodeClass : details.dataType || nodeClass;
    text += `${[line.padEnd(44), type.padEnd(10), value.padEnd(20), nodeId].join('  ').trimEnd()}\n`;
  }
  return text;
}
