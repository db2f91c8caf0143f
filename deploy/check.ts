import { JoulegateError } from '../broker/contract/error.ts';
import { loadPlantConfig } from './config/load.ts';
import { pathText, PlantConfigError } from './config/problem.ts';
import { plantJsonSchema, type PlantConfig } from './config/schema.ts';
import type { CheckOptions } from './commands/check.ts';
import type { CommandContext } from './commands/context.ts';

/**
 * Checks one plant.yaml with all its sections; with `connect` also what the servers say to it, which then decides the
 * exit code: 0 every tag is read, 1 not.
 * @throws JoulegateError CONFIG_INVALID, CONFIG_UNREADABLE, USAGE.
 */
export async function checkCommand(
  file: string | undefined,
  options: CheckOptions,
  context: CommandContext,
): Promise<void> {
  const { env, stdout, stderr } = context;
  if (options.printSchema === true) {
    stdout.write(`${JSON.stringify(plantJsonSchema(), null, 2)}\n`);
    return;
  }
  if (file === undefined) throw new JoulegateError('USAGE', 'name the file to check, e.g. joulegate check plant.yaml');
  const warnings: string[] = [];
  try {
    const config = await loadPlantConfig(file, { env, onWarning: (text) => warnings.push(text) });
    const counts = countsOf(config);
    if (options.connect === true) {
      const { connectCheck } = await import('./connect-check.ts');
      await connectCheck(config, { file, counts, warnings, json: options.json === true, data: options.data }, context);
    } else if (options.json === true) stdout.write(`${JSON.stringify({ ok: true, file, ...counts, warnings })}\n`);
    else {
      for (const warning of warnings) stderr.write(`warning: ${warning}\n`);
      const figures = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
      stdout.write(`OK ${file}: ${figures.join(', ')}\n`);
    }
  } catch (error) {
    if (options.json === true && error instanceof JoulegateError) {
      const errors =
        error instanceof PlantConfigError
          ? error.problems.map(({ line, path, message }) => ({ file, line, key: pathText(path), message }))
          : [{ file, line: null, key: null, message: error.message }];
      stdout.write(`${JSON.stringify({ ok: false, file, errors })}\n`);
    }
    throw error;
  }
}

function countsOf({ gateway, scoring }: PlantConfig) {
  const servers = gateway?.servers ?? [];
  const equipment = servers.flatMap((server) => server.equipment);
  return {
    servers: servers.length,
    equipment: equipment.length,
    tags: equipment.reduce((sum, { tags }) => sum + tags.length, 0),
    targets: scoring?.targets.length ?? 0,
  };
}
