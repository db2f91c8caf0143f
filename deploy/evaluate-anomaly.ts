import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import { riskOf } from '../scoring/anomaly/alarm-budget.ts';
import { createDefaultDetector } from '../scoring/anomaly/default-detector.ts';
import { csvTable, runCsv } from '../scoring/anomaly/evaluation/csv-table.ts';
import {
  NAB_THRESHOLD,
  nabScores,
  nabTable,
  runNab,
  windowRows,
  type NabFile,
} from '../scoring/anomaly/evaluation/nab-table.ts';
import { seededRandom, type LabelledRecord, type Verdicts } from '../scoring/anomaly/evaluation/record.ts';
import { runSkab, SKAB_TRAIN_ROWS, skabTable, type SkabFile } from '../scoring/anomaly/evaluation/skab.ts';
import { loadAnomalyRecord } from './anomaly-record.ts';
import type { CommandContext } from './commands/context.ts';
import type { EvaluateAnomalyOptions, EvaluateCsvOptions } from './commands/evaluate.ts';
import { csvPage, nabPage, skabPage } from './evaluate-page.ts';
import { createTerminal } from './terminal.ts';

/** Share of the rows of a file that is trained on unless --train says otherwise, and the most rows that is. */
const TRAIN_SHARE = 0.2;
const MOST_TRAIN_ROWS = 20_000;
/** The detector's name in file names, as NAB's scorers expect. */
const DETECTOR = 'joulegate';

/**
 * SKAB's protocol on every file of `DIR/<group>/*.csv` but `anomaly-free`: rows 0..399 train a new model, the rest is judged.
 * @throws JoulegateError USAGE when the folder holds no such file or one cannot be read.
 */
export async function evaluateSkabCommand(
  folder: string,
  options: EvaluateAnomalyOptions,
  context: CommandContext,
): Promise<void> {
  const root = resolve(context.cwd, folder);
  const paths = (await csvFiles(root, 'SKAB has other/*.csv, valve1/*.csv and valve2/*.csv'))
    .map((path) => relative(root, path).replaceAll('\\', '/'))
    .filter((path) => path.includes('/') && !path.startsWith('anomaly-free/'));
  if (paths.length === 0)
    throw new JoulegateError(
      'USAGE',
      `${root}: no CSV file in a sub-folder; SKAB has other/*.csv, valve1/*.csv and valve2/*.csv`,
    );
  const out = resolve(context.cwd, options.out ?? 'evaluation/skab');
  const files: SkabFile[] = [];
  await withProgress(context, 'judging SKAB', paths, async (path) => {
    const { record } = await loadAnomalyRecord(join(root, path), {
      name: path,
      label: 'anomaly',
      changepoint: 'changepoint',
    });
    if (record.rows.length <= SKAB_TRAIN_ROWS) {
      throw new JoulegateError(
        'USAGE',
        `${join(root, path)}:${record.rows.length + 1}:1: ${record.rows.length} rows; SKAB's protocol trains on the first ${SKAB_TRAIN_ROWS}`,
      );
    }
    const file = runSkab(record, createDefaultDetector({ sensors: record.sensors.length }));
    await writeVerdicts(join(out, path), file.test, file.verdicts);
    files.push(file);
  });
  const rows = skabTable(files, seededRandom(options.seed));
  const summary = { benchmark: 'skab', files: files.length, seed: options.seed, out, rows };
  context.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : skabPage(summary, files));
}

/**
 * NAB's protocol on the files of `DIR/data` that `DIR/labels/combined_windows.json` names: streaming, one configuration and
 * one threshold for all. @throws JoulegateError USAGE when the folder is no NAB folder or a file cannot be read.
 */
export async function evaluateNabCommand(
  folder: string,
  options: EvaluateAnomalyOptions,
  context: CommandContext,
): Promise<void> {
  const root = resolve(context.cwd, folder);
  const windowsOf = await readWindows(join(root, 'labels', 'combined_windows.json'));
  const data = join(root, 'data');
  const paths = (await csvFiles(data, 'NAB has data/<group>/*.csv'))
    .map((path) => relative(data, path).replaceAll('\\', '/'))
    .filter((path) => windowsOf.has(path));
  if (paths.length === 0) throw new JoulegateError('USAGE', `${data}: no file that labels/combined_windows.json names`);
  const out = resolve(context.cwd, options.out ?? 'evaluation/nab');
  const files: NabFile[] = [];
  await withProgress(context, 'judging NAB', paths, async (path) => {
    const { record } = await loadAnomalyRecord(join(data, path), { name: path, label: null });
    const windows = windowRows(record.timestamps, windowsOf.get(path) ?? []);
    const labels = record.labels.map((_, row) => windows.some(([from, to]) => row >= from && row <= to));
    const file = runNab({ ...record, labels }, windows, createDefaultDetector({ sensors: record.sensors.length }));
    const target = join(out, dirname(path), `${DETECTOR}_${basename(path)}`);
    await writeVerdicts(
      target,
      record,
      { ...file.verdicts, scores: nabScores(file.verdicts), alarms: file.verdicts.events },
      true,
    );
    files.push(file);
  });
  const rows = nabTable(files, seededRandom(options.seed));
  const summary = { benchmark: 'nab', files: files.length, threshold: NAB_THRESHOLD, seed: options.seed, out, rows };
  context.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : nabPage(summary, files));
}

/**
 * One recorded file with labels: the first rows train, the rest is judged and counted; rows of the training part get the
 * scores of the training-free detector. @throws JoulegateError USAGE with file:line:column when the file cannot be judged.
 */
export async function evaluateCsvCommand(
  file: string,
  options: EvaluateCsvOptions,
  context: CommandContext,
): Promise<void> {
  const path = resolve(context.cwd, file);
  const progress = await createTerminal(context.stderr).progress(`judging ${basename(file)}`);
  progress(0);
  const { record, notes } = await loadAnomalyRecord(path, {
    name: basename(file),
    label: options.label,
    ...(options.time === undefined ? {} : { time: options.time }),
    without: options.without ?? [],
  });
  progress(0.2);
  await setImmediate();
  const trainRows = trainRowsOf(options.train, record.rows.length, path);
  const sensors = record.sensors.length;
  const risk = riskFor(options.falseAlarms, record, path);
  const run = runCsv(record, trainRows, {
    trained: createDefaultDetector({ sensors, risk }),
    untrained: createDefaultDetector({ sensors, risk }),
  });
  progress(0.7);
  await setImmediate();
  const out = resolve(context.cwd, options.out ?? 'evaluation/csv');
  await writeVerdicts(join(out, basename(file)), record, run.verdicts);
  const rows = csvTable(record, run, { random: seededRandom(options.seed), window: options.window });
  progress(1);
  progress(null);
  const summary = {
    benchmark: 'csv',
    file: path,
    rows: record.rows.length,
    trainRows,
    sensors,
    anomalousRows: record.labels.slice(trainRows).filter(Boolean).length,
    window: options.window,
    seed: options.seed,
    notes,
    out: join(out, basename(file)),
    table: rows,
  };
  context.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : csvPage(summary));
}

function riskFor(falseAlarmsPerWeek: number | undefined, { times }: LabelledRecord, path: string): number | null {
  if (falseAlarmsPerWeek === undefined) return null;
  const steps = [...(times ?? [])].slice(1).map((time, index) => time - (times?.[index] ?? time));
  const usual = steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  if (usual > 0) return riskOf(falseAlarmsPerWeek, usual);
  throw new JoulegateError(
    'USAGE',
    `--false-alarms: ${path} has no time that moves on; name its column with --time, or leave the budget out`,
  );
}

function trainRowsOf(asked: number | undefined, rows: number, path: string): number {
  if (asked === undefined) return Math.min(MOST_TRAIN_ROWS, Math.floor(rows * TRAIN_SHARE));
  const count = asked > 0 && asked < 1 ? Math.floor(rows * asked) : asked;
  if (!Number.isInteger(count) || count < 0 || count >= rows) {
    throw new JoulegateError(
      'USAGE',
      `--train ${asked}: ${path} has ${rows} rows; give a number of rows below that, or a share between 0 and 1`,
    );
  }
  return count;
}

async function csvFiles(folder: string, hint: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.csv'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    throw new JoulegateError('USAGE', `${folder} cannot be read (${hint}): ${describeError(error)}`, { cause: error });
  }
}

async function readWindows(file: string): Promise<Map<string, [string, string][]>> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(file, 'utf8')) as Record<string, [string, string][]>));
  } catch (error) {
    throw new JoulegateError('USAGE', `${file} cannot be read as NAB's label windows: ${describeError(error)}`, {
      cause: error,
    });
  }
}

async function withProgress(
  context: CommandContext,
  title: string,
  paths: readonly string[],
  judge: (path: string) => Promise<void>,
): Promise<void> {
  const progress = await createTerminal(context.stderr).progress(title);
  progress(0);
  for (const [index, path] of paths.entries()) {
    await judge(path);
    progress((index + 1) / paths.length);
    await setImmediate();
  }
  progress(null);
}

async function writeVerdicts(
  file: string,
  record: LabelledRecord,
  { scores, alarms }: Verdicts,
  nab = false,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const lines = record.timestamps.map((timestamp, index) => {
    const score = (scores[index] ?? 0).toFixed(8);
    return `${timestamp},${score},${alarms[index] === true ? 1 : 0}${nab ? `,${score}` : ''}`;
  });
  await writeFile(file, `timestamp,score,alarm${nab ? ',anomaly_score' : ''}\n${lines.join('\n')}\n`);
}
