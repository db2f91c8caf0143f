import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { JoulegateError } from '../broker/contract/error.ts';
import { createZoneTime } from '../scoring/api/zone-time.ts';
import { rescore, type RescoredMachine, type RescoreReport } from '../scoring/rescore.ts';
import { accountRules } from './account-rules.ts';
import { commandLog, commandStop, type CommandContext } from './commands/context.ts';
import type { RescoreOptions } from './commands/rescore.ts';
import { loadPlantConfig, requireSection } from './config/load.ts';
import { textTable } from './text-table.ts';

/**
 * Scores and converts the history of a data folder anew; scoring may run meanwhile.
 * @throws JoulegateError USAGE, NOT_FOUND (no store), CONFIG_INVALID, STORE_FAILED.
 */
export async function rescoreCommand(options: RescoreOptions, context: CommandContext): Promise<void> {
  const { cwd, env, stdout, stderr, now } = context;
  const data = resolve(cwd, options.data);
  const file = options.config === undefined ? join(data, 'plant.yaml') : resolve(cwd, options.config);
  if (options.config === undefined && !existsSync(file))
    throw new JoulegateError('USAGE', `${file} is missing; name the configuration with --config plant.yaml`);
  const config = await loadPlantConfig(file, { env, sections: ['scoring', 'gateway'] });
  const scoring = requireSection(config, 'scoring', file);
  const folder = join(data, 'scoring');
  if (!existsSync(join(folder, 'joulegate.db')))
    throw new JoulegateError(
      'NOT_FOUND',
      `there is no store in ${folder}; name the data folder of scoring with --data`,
    );
  const { plant } = config;
  const time = createZoneTime(plant.timezone);
  const instant = (name: string, text: string): number => {
    const at = time.parse(text);
    if (at !== null) return at;
    throw new JoulegateError('USAGE', `${name} "${text}" is no instant; write 2026-11-01 or 2026-11-01T08:00:00+08:00`);
  };
  const from = instant('--from', options.from);
  const to = options.to === undefined ? now() : instant('--to', options.to);
  if (from >= to) throw new JoulegateError('USAGE', '--from must lie before --to');
  using stop = await commandStop(context);
  const report = await rescore({
    plant,
    scoring,
    rules: await accountRules(scoring.energy, plant.timezone, file),
    folder,
    from,
    to,
    path: options.path,
    what: options.only === undefined ? ['scores', 'conversions'] : [options.only],
    log: await commandLog(context, options.logLevel, 'rescore'),
    now,
    signal: stop.signal,
    onMachine: ({ path, rows, changed }) => {
      if (options.json !== true) stderr.write(`${path}  ${changed} of ${rows} scores differ\n`);
    },
  });
  stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : `${text(report)}\n`);
}

function text({ machines, conversions }: RescoreReport): string {
  const header = ['machine', 'model', 'rows', 'changed', 'episodes before', 'now'];
  const rows = machines.map((one: RescoredMachine) => [
    one.path,
    one.model,
    String(one.rows),
    String(one.changed),
    String(one.episodesBefore),
    String(one.episodes),
  ]);
  const scores = rows.length === 0 ? [] : [textTable(header, rows)];
  if (conversions === null) return scores.join('\n');
  const days = `${conversions.days} days of objects converted, ${conversions.written} new revisions`;
  return [...scores, days].join('\n');
}
