import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { JoulegateError } from '../broker/contract/error.ts';
import { trainMachine, type MachineTraining } from '../scoring/model-training.ts';
import { EmbeddedStore } from '../scoring/store/embedded/embedded-store.ts';
import { commandStop, type CommandContext } from './commands/context.ts';
import type { TrainOptions } from './commands/train.ts';
import { openModelLibrary } from './models.ts';
import { figure, textTable } from './text-table.ts';

/**
 * Trains models from the store of a data folder, which is only read, and keeps them to run in shadow.
 * @throws JoulegateError USAGE, NOT_FOUND (no store, no rows), INTERNAL when no machine got a model.
 */
export async function trainCommand(options: TrainOptions, context: CommandContext): Promise<void> {
  const { cwd, stdout, stderr, now } = context;
  const data = resolve(cwd, options.data);
  const database = join(data, 'scoring', 'joulegate.db');
  if (!existsSync(database))
    throw new JoulegateError('NOT_FOUND', `there is no store ${database}; name the data folder of scoring with --data`);
  const range = { from: instant('--from', options.from, 0), to: instant('--to', options.to, now()) };
  await using store = EmbeddedStore.open({ file: database, readOnly: true });
  const library = openModelLibrary(data, now);
  const known = await store.sensorPaths();
  const paths = options.equipment === undefined ? known : known.filter((path) => path === options.equipment);
  if (paths.length === 0) {
    throw new JoulegateError(
      'NOT_FOUND',
      options.equipment === undefined
        ? 'the store has no sensor rows; let scoring run with machines that have process tags'
        : `the store has no sensor rows of "${options.equipment}"; those with rows: ${known.slice(0, 5).join(', ') || 'none'}`,
    );
  }
  using stop = await commandStop(context);
  const trainings: MachineTraining[] = [];
  for (const path of paths) {
    if (stop.signal.aborted) break;
    trainings.push(
      await trainMachine(
        path,
        { store, library },
        {
          ...range,
          shape: options.kind,
          seed: options.seed,
          falseAlarmsPerWeek: options.falseAlarms,
          by: options.by,
          signal: stop.signal,
          ...(options.steps === undefined ? {} : { steps: options.steps }),
          ...(options.backend === undefined ? {} : { backends: [options.backend] }),
          onProgress: ({ member, members, step, steps, loss }) => {
            const share = Math.floor((100 * (member * steps + step)) / (members * steps));
            const end = stderr.isTTY === true ? '\r' : '\n';
            if (options.json !== true) stderr.write(`${path}  ${share} %  error ${loss.toFixed(4)}${end}`);
          },
        },
      ),
    );
  }
  stdout.write(options.json === true ? `${JSON.stringify(trainings.map(shown))}\n` : `${table(trainings)}\n`);
  if (!trainings.some(({ result }) => result.kind === 'kept'))
    throw new JoulegateError('INTERNAL', 'no machine got a model; the table says why');
}

function instant(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new JoulegateError(
      'USAGE',
      `${option} "${text}" is no instant; write it as 2026-10-01 or 2026-10-01T06:00+08:00`,
    );
  return at;
}

/** A training without the numbers of its networks. */
function shown({ result, ...rest }: MachineTraining): object {
  if (result.kind === 'not-trained') return { ...rest, result };
  const { model: _, ...file } = result.file;
  return { ...rest, result: { ...result, file } };
}

function table(trainings: readonly MachineTraining[]): string {
  const header = [
    'machine',
    'rows',
    'used',
    'excluded',
    'version',
    'backend',
    'seconds',
    'error',
    'held out',
    'alarms/week',
  ];
  const rows = trainings.map(({ path, found, trainingSet, result }) => {
    const left = Object.entries(trainingSet.excluded).filter(([, count]) => count > 0);
    const start = [
      path,
      String(found),
      String(trainingSet.used),
      left.map(([why, count]) => `${why} ${count}`).join(', ') || '-',
    ];
    if (result.kind === 'not-trained') return [...start, `none: ${result.reason}`];
    const { file, falseAlarmsPerWeek } = result;
    const { seconds, trainingError, heldOutError } = file.metrics;
    return [
      ...start,
      `${file.version} (shadow)`,
      file.backend,
      figure(seconds, 1),
      figure(trainingError, 3),
      figure(heldOutError, 3),
      figure(falseAlarmsPerWeek, 2),
    ];
  });
  return textTable(header, rows);
}
