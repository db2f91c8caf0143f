import type { CsvRow } from '../scoring/anomaly/evaluation/csv-table.ts';
import type { NabFile, NabRow } from '../scoring/anomaly/evaluation/nab-table.ts';
import { nabScore } from '../scoring/anomaly/evaluation/nab.ts';
import { skabRow, type SkabFile, type SkabRow } from '../scoring/anomaly/evaluation/skab.ts';
import { figure, textTable } from './text-table.ts';

type SkabSummary = {
  readonly files: number;
  readonly seed: number;
  readonly out: string;
  readonly rows: readonly SkabRow[];
};

/** SKAB's two problems, VUS-PR and the files one by one. */
export function skabPage({ files, seed, out, rows }: SkabSummary, judged: readonly SkabFile[]): string {
  const outlier = textTable(
    ['detector', 'F1', 'FAR %', 'MAR %', 'VUS-PR', 'files found', 'delay s'],
    rows.map((row) => [
      row.detector,
      figure(row.f1, 4),
      figure(row.far, 2),
      figure(row.mar, 2),
      figure(row.vusPr, 4),
      `${row.eventsFound}/${files}`,
      figure(row.medianDelayS, 0),
    ]),
  );
  const change = textTable(
    ['detector', 'NAB standard', 'low FP', 'low FN', 'missed', 'false'],
    rows.map((row) => [
      row.detector,
      figure(row.changepoints.standard, 2),
      figure(row.changepoints.lowFp, 2),
      figure(row.changepoints.lowFn, 2),
      `${row.changepointsTotal - row.changepointsFound}/${row.changepointsTotal}`,
      String(row.changepointsFalse),
    ]),
  );
  const each = textTable(
    ['file', 'rows', 'F1', 'FAR %', 'MAR %', 'VUS-PR'],
    judged.map((file) => {
      const row = skabRow('joulegate', [file]);
      return [
        file.name,
        String(file.test.rows.length),
        figure(row.f1, 3),
        figure(row.far, 1),
        figure(row.mar, 1),
        figure(row.vusPr, 3),
      ];
    }),
  );
  return [
    `SKAB, ${files} files: the first 400 rows of each train a new model, no label used, no point adjustment, every alarm from its row and earlier ones (seed ${seed})`,
    `\nOutlier problem, confusion summed over the files; VUS-PR (window 60) is their mean\n${outlier}`,
    `\nChangepoint problem, window 60 s\n${change}`,
    `\nFiles\n${each}`,
    `\nScores and alarms: ${out}\n`,
  ].join('\n');
}

type NabSummary = Omit<SkabSummary, 'rows'> & { readonly threshold: number; readonly rows: readonly NabRow[] };

/** NAB's three profiles with one threshold, VUS-PR and the files one by one. */
export function nabPage({ files, threshold, seed, out, rows }: NabSummary, judged: readonly NabFile[]): string {
  const table = textTable(
    ['detector', 'standard', 'low FP', 'low FN', 'windows found', 'false events', 'VUS-PR', 'F1', 'FAR %', 'MAR %'],
    rows.map((row) => [
      row.detector,
      figure(row.profiles.standard, 2),
      figure(row.profiles.lowFp, 2),
      figure(row.profiles.lowFn, 2),
      `${row.found}/${row.windows}`,
      String(row.falseEvents),
      figure(row.vusPr, 4),
      figure(row.f1, 4),
      figure(row.far, 2),
      figure(row.mar, 2),
    ]),
  );
  const each = textTable(
    ['file', 'rows', 'found', 'false events'],
    judged.map(({ record, windows, verdicts }) => {
      const score = nabScore(verdicts.events, windows, 'standard');
      return [record.name, String(record.rows.length), `${score.found}/${score.windows}`, String(score.falseRows)];
    }),
  );
  return [
    `NAB, ${files} files: streaming, one configuration, one fixed threshold ${threshold} for all files and profiles (seed ${seed})`,
    table,
    `\nFiles\n${each}`,
    `\nScores and alarms: ${out}\n`,
  ].join('\n');
}

type CsvSummary = {
  readonly file: string;
  readonly rows: number;
  readonly trainRows: number;
  readonly sensors: number;
  readonly anomalousRows: number;
  readonly window: number;
  readonly seed: number;
  readonly notes: readonly string[];
  readonly out: string;
  readonly table: readonly CsvRow[];
};

/** What was read, and the figures without any point adjustment. */
export function csvPage(summary: CsvSummary): string {
  const table = textTable(
    [
      'detector',
      'VUS-PR',
      'AUC-PR',
      'F1',
      'FAR %',
      'MAR %',
      'events found',
      'delay rows',
      'false episodes',
      'per day',
      'S',
    ],
    summary.table.map((row) => [
      row.detector,
      figure(row.vusPr, 4),
      figure(row.averagePrecision, 4),
      figure(row.f1, 4),
      figure(row.far, 2),
      figure(row.mar, 2),
      `${row.found}/${row.events}`,
      figure(row.medianDelayRows, 0),
      String(row.falseEpisodes),
      figure(row.falseEpisodesPerDay, 2),
      figure(row.competitionScore, 4),
    ]),
  );
  const judged = summary.rows - summary.trainRows;
  return [
    `${summary.file}: ${summary.rows} rows, ${summary.sensors} sensors; ${summary.trainRows} rows trained on without labels, ${judged} judged, ${summary.anomalousRows} of them anomalous (VUS-PR window ${summary.window}, seed ${summary.seed})`,
    ...summary.notes.map((note) => `  note: ${note}`),
    ...(summary.anomalousRows === 0
      ? ['  note: no judged row is anomalous, so only the false alarms say anything']
      : []),
    table,
    `\nScores and alarms: ${summary.out}\n`,
  ].join('\n');
}
