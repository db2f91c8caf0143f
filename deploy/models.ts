import { join, resolve } from 'node:path';
import { ModelLibrary, type ModelEntry } from '../scoring/store/model-library.ts';
import type { CommandContext } from './commands/context.ts';
import type { ModelsChangeOptions, ModelsListOptions } from './commands/train.ts';
import { figure, textTable } from './text-table.ts';

/** The models of a data folder. */
export function openModelLibrary(data: string, now: () => number): ModelLibrary {
  return new ModelLibrary(join(data, 'scoring', 'models', 'versions'), now);
}

/** Prints all versions of one or all machines. */
export async function listModelsCommand(
  { data, equipment, json }: ModelsListOptions,
  { cwd, stdout, now }: CommandContext,
): Promise<void> {
  const library = openModelLibrary(resolve(cwd, data), now);
  const paths = equipment === undefined ? await library.paths() : [equipment];
  const entries = (await Promise.all(paths.map((path) => library.list(path)))).flat();
  if (json === true) stdout.write(`${JSON.stringify(entries)}\n`);
  else
    stdout.write(entries.length === 0 ? 'there are no trained models; see joulegate train\n' : `${table(entries)}\n`);
}

/** Takes a version into use; a running scoring service takes it up within a minute. @throws JoulegateError NOT_FOUND, QUERY_INVALID, STORE_FAILED. */
export async function activateModelCommand(
  path: string,
  version: number,
  { data, by, force, json }: ModelsChangeOptions,
  { cwd, stdout, now }: CommandContext,
): Promise<void> {
  await openModelLibrary(resolve(cwd, data), now).activate(path, version, by, force === true);
  stdout.write(
    json === true ? `${JSON.stringify({ path, active: version })}\n` : `model ${version} of ${path} is in use\n`,
  );
}

/** Takes the version before back into use. @throws JoulegateError NOT_FOUND, STORE_FAILED. */
export async function rollbackModelCommand(
  path: string,
  { data, by, json }: ModelsChangeOptions,
  { cwd, stdout, now }: CommandContext,
): Promise<void> {
  const version = await openModelLibrary(resolve(cwd, data), now).rollback(path, by);
  stdout.write(
    json === true ? `${JSON.stringify({ path, active: version })}\n` : `model ${version} of ${path} is in use again\n`,
  );
}

function table(entries: readonly ModelEntry[]): string {
  const header = [
    'machine',
    'version',
    'state',
    'trained on',
    'rows',
    'backend',
    'held out',
    'shadow rows',
    'alarms',
    'data',
  ];
  const rows = entries.map(({ path, version, state, file, damage, shadow }) => {
    const start = [path, String(version), state];
    if (file === null) return [...start, damage ?? 'cannot be read'];
    const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
    return [
      ...start,
      `${day(file.window.from)}…${day(file.window.to)}`,
      String(file.trainingSet.used),
      file.backend,
      figure(file.metrics.heldOutError, 3),
      String(shadow?.rows ?? 0),
      String(shadow?.crossings ?? 0),
      file.dataHash.slice(0, 12),
    ];
  });
  return textTable(header, rows);
}
