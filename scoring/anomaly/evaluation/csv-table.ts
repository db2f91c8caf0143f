import type { Detector } from '../detector.ts';
import { confusionOf, rates } from './confusion.ts';
import { averagePrecision, eventView, trivialRows, trivialVerdicts, type EventView } from './metrics.ts';
import { recordFrom, watchRows, type LabelledRecord, type Verdicts } from './record.ts';
import { vusPr } from './vus.ts';

export type CsvRun = {
  /** The whole record; rows of the training part are judged by a detector without training. */
  readonly verdicts: Verdicts;
  readonly trainRows: number;
};

export type CsvRow = EventView & {
  readonly detector: string;
  readonly vusPr: number;
  readonly averagePrecision: number;
  readonly f1: number;
  readonly far: number;
  readonly mar: number;
  /** Null where the file has no readable time. */
  readonly falseEpisodesPerDay: number | null;
};

/** Trains on the first rows without looking at their labels and judges the rest; `untrained` judges the training part. */
export function runCsv(
  record: LabelledRecord,
  trainRows: number,
  { trained, untrained }: { readonly trained: Detector; readonly untrained: Detector },
): CsvRun {
  untrained.fit([]);
  const before = watchRows(untrained, record.rows.slice(0, trainRows), record.times);
  trained.fit(record.rows.slice(0, trainRows));
  const after = watchRows(trained, record.rows.slice(trainRows), record.times?.slice(trainRows) ?? null);
  return {
    trainRows,
    verdicts: {
      scores: [...before.scores, ...after.scores],
      alarms: [...before.alarms, ...after.alarms],
      events: [...before.events, ...after.events],
    },
  };
}

/** Our row, then the rows that look at no sensor. Rows of the training part are not counted. */
export function csvTable(
  record: LabelledRecord,
  { verdicts, trainRows }: CsvRun,
  { random, window }: { readonly random: () => number; readonly window: number },
): CsvRow[] {
  const test = recordFrom(record, trainRows);
  const start = Math.floor(test.rows.length / 2);
  const own: Verdicts = {
    scores: verdicts.scores.slice(trainRows),
    alarms: verdicts.alarms.slice(trainRows),
    events: verdicts.events.slice(trainRows),
  };
  const contenders: (readonly [string, Verdicts])[] = [
    ['joulegate', own],
    ...trivialRows.map((kind) => [kind, trivialVerdicts(kind, test, { start, random })] as const),
  ];
  const days = daysOf(test.times);
  return contenders.map(([detector, { scores, alarms }]) => {
    const view = eventView(test.labels, alarms);
    return {
      detector,
      vusPr: vusPr(test.labels, scores, window),
      averagePrecision: averagePrecision(test.labels, scores),
      ...rates(confusionOf(test.labels, alarms)),
      ...view,
      falseEpisodesPerDay: days === null ? null : view.falseEpisodes / days,
    };
  });
}

function daysOf(times: Float64Array | null): number | null {
  const span = times === null ? Number.NaN : (times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN);
  return span > 0 ? span / 86_400_000 : null;
}
