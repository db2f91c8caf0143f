import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import {
  countImported,
  type ImportNote,
  type ImportOptions,
  type ImportResult,
} from '../gateway/config/import/import-result.ts';
import { readPublishedNodes } from '../gateway/config/import/published-nodes.ts';
import { readTagCsv } from '../gateway/config/import/tag-csv.ts';
import { readTelegraf } from '../gateway/config/import/telegraf.ts';
import { renderPlantDraft, type DraftServer } from '../gateway/config/proposal/plant-draft.ts';
import { openKnownServer, quietLibrary } from '../gateway/tools.ts';
import type { CommandContext } from './commands/context.ts';
import type { ImportCommandOptions, ImportKind } from './commands/import.ts';
import { resolveReferences } from './config/secrets.ts';
import { gatewayApplicationUri, gatewayPkiDir, withTrustHint, writeResult } from './server-target.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;

const readers: Readonly<Record<ImportKind, (text: string, options: ImportOptions) => ImportResult>> = {
  'published-nodes': readPublishedNodes,
  telegraf: readTelegraf,
  csv: readTagCsv,
};

/**
 * Makes a plant file of another gateway's configuration; the report of what was not carried goes to standard error.
 * @throws JoulegateError CONFIG_UNREADABLE, CONFIG_INVALID, USAGE.
 */
export async function importCommand(
  kind: ImportKind,
  file: string,
  options: ImportCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { endpoint } = options;
  if (endpoint !== undefined && !/^opc\.tcp:\/\/[^/\s]+/.test(endpoint)) {
    throw new JoulegateError('USAGE', `--endpoint "${endpoint}" is no endpoint; write opc.tcp://host:port`);
  }
  const text = await readText(resolve(context.cwd, file), file);
  let result = readers[kind](text, options);
  const failures: ImportNote[] = [];
  if (options.connect === true) {
    const namespaces = await readNamespaces(result.draft.servers, options, { context, failures });
    result = readers[kind](text, { ...options, namespacesOf: (server) => namespaces.get(server) });
  }
  const notes = [...failures, ...result.notes];
  const { live, doubtful } = countImported(result.draft);
  await writeResult(options.output, renderPlantDraft(result.draft), { context, force: options.force === true });
  if (options.json === true) {
    context.stderr.write(`${JSON.stringify({ file, tags: live, doubtful, notes })}\n`);
    return;
  }
  context.stderr.write(`${noteLines(notes)}${live} tags, ${doubtful} more as comments\n`);
  if (options.output !== undefined) context.stderr.write(`next: joulegate check ${options.output} --connect\n`);
}

/** One line per note, the important ones marked. */
export function noteLines(notes: readonly ImportNote[]): string {
  return notes
    .map(({ where, message, severity }) => `${severity === 'high' ? 'IMPORTANT' : 'note'} ${where}: ${message}\n`)
    .join('');
}

async function readText(path: string, file: string): Promise<string> {
  try {
    await using handle = await open(path, 'r');
    const { size } = await handle.stat();
    if (size > MAX_FILE_BYTES) throw new Error('larger than 64 MiB');
    return await handle.readFile('utf8');
  } catch (error) {
    throw new JoulegateError('CONFIG_UNREADABLE', `${file} cannot be read (${describeError(error)})`, { cause: error });
  }
}

async function readNamespaces(
  servers: readonly DraftServer[],
  options: ImportCommandOptions,
  { context, failures }: { readonly context: CommandContext; readonly failures: ImportNote[] },
): Promise<ReadonlyMap<string, readonly string[]>> {
  quietLibrary();
  const pkiDir = await gatewayPkiDir(options.data);
  const found = new Map<string, readonly string[]>();
  for (const { equipment: _equipment, remarks: _remarks, ...settings } of servers) {
    try {
      const server = (await resolveReferences(settings, [], {
        env: context.env,
        baseDir: context.cwd,
        onProblem: (_path, message) => {
          throw new JoulegateError('CONFIG_INVALID', message);
        },
        onLiteral: () => undefined,
      })) as typeof settings;
      await using known = await openKnownServer({
        server: { ...server, trustServerCertificate: options.trust },
        pkiDir,
        applicationUri: gatewayApplicationUri('gateway-1'),
      });
      found.set(settings.endpoint, known.namespaces);
    } catch (error) {
      const message = `node ids by index are not resolved: ${describeError(withTrustHint(error))}`;
      failures.push({ where: settings.endpoint, message, severity: 'high' });
    }
  }
  return found;
}
