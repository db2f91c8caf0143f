import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import { createReporter } from '../scoring/reports/reporter.ts';
import { EmbeddedStore } from '../scoring/store/embedded/embedded-store.ts';
import { ValueAddedBook } from '../scoring/store/value-added-book.ts';
import { loadReportFont } from '../seeds/load-font.ts';
import { accountRules } from './account-rules.ts';
import type { CommandContext } from './commands/context.ts';
import type { ReportOptions } from './commands/report.ts';
import { loadPlantConfig, requireSection } from './config/load.ts';
import type { PlantConfig } from './config/schema.ts';

/**
 * Writes the month report from the store of a data folder, which is only read.
 * @throws JoulegateError USAGE, NOT_FOUND (no store), QUERY_INVALID (month), CONFIG_INVALID.
 */
export async function reportCommand(options: ReportOptions, { cwd, env, stdout, now }: CommandContext): Promise<void> {
  const data = resolve(cwd, options.data);
  const file = options.config === undefined ? join(data, 'plant.yaml') : resolve(cwd, options.config);
  if (options.config === undefined && !existsSync(file))
    throw new JoulegateError('USAGE', `${file} is missing; name the configuration with --config plant.yaml`);
  const config = await loadPlantConfig(file, { env, sections: ['scoring', 'gateway'] });
  const section = requireSection(config, 'scoring', file);
  const database = join(data, 'scoring', 'joulegate.db');
  if (!existsSync(database))
    throw new JoulegateError('NOT_FOUND', `there is no store ${database}; name the data folder of scoring with --data`);
  await using store = EmbeddedStore.open({ file: database, readOnly: true });
  const { plant } = config;
  const reporter = createReporter({
    store,
    site: {
      enterprise: plant.enterprise,
      name: plant.site,
      displayName: plant.displayName ?? {},
      timezone: plant.timezone,
    },
    objects: () => namedObjects(config),
    targets: section.targets,
    accounts: await accountRules(section.energy, plant.timezone, file),
    quotas: section.reports?.quotas ?? [],
    valueAdded: new ValueAddedBook(join(data, 'scoring', 'value-added.jsonl')),
    font: loadReportFont,
    now,
  });
  const { format, lang } = options;
  const month = options.month ?? reporter.lastMonth();
  const { body, hash, fileName } = await reporter.render({ month, format, language: lang });
  const out = resolve(cwd, options.out ?? fileName);
  await writeFile(out, body).catch((error: unknown) => {
    throw new JoulegateError('USAGE', `${out} cannot be written: ${describeError(error)}`, { cause: error });
  });
  stdout.write(
    options.json === true
      ? `${JSON.stringify({ month, format, language: lang, file: out, bytes: body.length, hash })}\n`
      : `${out} (${month}, ${body.length} bytes, data ${hash.slice(0, 16)})\n`,
  );
}

/** Display names as the plant file has them; the store keeps none. */
function namedObjects({ plant, gateway }: PlantConfig) {
  const last = (path: string): string => path.split('/').at(-1) ?? path;
  return [
    ...Object.entries(plant.names ?? {}).map(([path, displayName]) => ({
      path,
      level: path.includes('/') ? ('line' as const) : ('area' as const),
      name: last(path),
      displayName,
    })),
    ...(gateway?.servers ?? []).flatMap(({ equipment }) =>
      equipment.map(({ path, displayName }) => ({
        path,
        level: 'equipment' as const,
        name: last(path),
        displayName: displayName ?? {},
      })),
    ),
  ];
}
