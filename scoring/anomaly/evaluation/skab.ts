import { addConfusion, confusionOf, rates, type Confusion } from './confusion.ts';
import {
  changepointScore,
  normaliseChangepoints,
  type ChangepointProfile,
  type ChangepointScore,
} from './changepoints.ts';
import { eventView, trivialRows, trivialVerdicts } from './metrics.ts';
import { recordFrom, watchRows, type LabelledRecord, type Verdicts } from './record.ts';
import { vusPr } from './vus.ts';
import type { Detector } from '../detector.ts';

/** Rows of every file that a new model is trained on; the rest is judged. */
export const SKAB_TRAIN_ROWS = 400;
/** Widest softened label border of VUS-PR: the 60 s of the changepoint problem. */
const VUS_WINDOW = 60;
/** Test row the `position` row is on from. */
const POSITION_START = 172;

export type SkabRow = {
  readonly detector: string;
  readonly f1: number;
  readonly far: number;
  readonly mar: number;
  readonly changepoints: Readonly<Record<ChangepointProfile, number>>;
  readonly changepointsFound: number;
  readonly changepointsTotal: number;
  readonly changepointsFalse: number;
  readonly vusPr: number;
  readonly eventsFound: number;
  readonly medianDelayS: number | null;
  readonly confusion: Confusion;
};

export type SkabFile = { readonly name: string; readonly test: LabelledRecord; readonly verdicts: Verdicts };

/** Judges the test part of one file: a new model on its first 400 rows, which are taken to be normal whatever their labels. */
export function runSkab(record: LabelledRecord, detector: Detector): SkabFile {
  detector.fit(record.rows.slice(0, SKAB_TRAIN_ROWS));
  const test = recordFrom(record, SKAB_TRAIN_ROWS);
  return { name: record.name, test, verdicts: watchRows(detector, test.rows, test.times) };
}

/** One row of the table: the confusion matrix is summed over the files, VUS-PR is their mean. */
export function skabRow(detector: string, files: readonly SkabFile[]): SkabRow {
  let confusion: Confusion = { tp: 0, tn: 0, fp: 0, fn: 0 };
  const changes: ChangepointScore[] = [];
  const volumes: number[] = [];
  const views = files.map(({ test, verdicts }) => {
    confusion = addConfusion(confusion, confusionOf(test.labels, verdicts.alarms));
    changes.push(
      changepointScore(test.times ?? test.rows.map((_, index) => index * 1000), test.changepoints, verdicts.alarms),
    );
    const volume = vusPr(test.labels, verdicts.scores, VUS_WINDOW);
    if (Number.isFinite(volume)) volumes.push(volume);
    return eventView(test.labels, verdicts.alarms);
  });
  const delays = views.flatMap(({ medianDelayRows }) => medianDelayRows ?? []).sort((a, b) => a - b);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, value) => total + value, 0);
  return {
    detector,
    ...rates(confusion),
    changepoints: {
      standard: normaliseChangepoints(changes, 'standard'),
      lowFp: normaliseChangepoints(changes, 'lowFp'),
      lowFn: normaliseChangepoints(changes, 'lowFn'),
    },
    changepointsFound: sum(changes.map(({ found }) => found)),
    changepointsTotal: sum(changes.map(({ total }) => total)),
    changepointsFalse: sum(changes.map(({ falseRows }) => falseRows)),
    vusPr: sum(volumes) / Math.max(1, volumes.length),
    eventsFound: views.filter(({ found }) => found > 0).length,
    medianDelayS: delays[Math.floor(delays.length / 2)] ?? null,
    confusion,
  };
}

/** Our row, then the rows that look at no sensor. */
export function skabTable(files: readonly SkabFile[], random: () => number): SkabRow[] {
  const trivial = trivialRows.map((kind) =>
    skabRow(
      kind,
      files.map((file) => ({
        ...file,
        verdicts: trivialVerdicts(kind, file.test, { start: POSITION_START, random }),
      })),
    ),
  );
  return [skabRow('joulegate', files), ...trivial];
}
