import { calibrateRatio, type Detector } from '../detector.ts';
import { addConfusion, confusionOf, rates, type Confusion } from './confusion.ts';
import { trivialRows, trivialVerdicts, type TrivialRow } from './metrics.ts';
import { nabProbation, nabScore, normaliseNab, type NabProfile, type NabWindow } from './nab.ts';
import { watchRows, type LabelledRecord, type Verdicts } from './record.ts';
import { vusPr } from './vus.ts';

/** The one threshold of every file and profile: the calibrated score at the limit. */
export const NAB_THRESHOLD = calibrateRatio(1);
const VUS_WINDOW = 100;
/** Files in which the `position` row raises one event: shares of the record. */
const POSITION_SHARES = [0.2, 0.4, 0.6, 0.8];

export type NabFile = {
  readonly record: LabelledRecord;
  readonly windows: readonly NabWindow[];
  readonly verdicts: Verdicts;
};

export type NabRow = {
  readonly detector: string;
  readonly profiles: Readonly<Record<NabProfile, number>>;
  readonly windows: number;
  readonly found: number;
  readonly falseEvents: number;
  readonly vusPr: number;
  readonly f1: number;
  readonly far: number;
  readonly mar: number;
};

/** Judges one file as a stream: nothing is trained before, no row is seen twice. */
export function runNab(record: LabelledRecord, windows: readonly NabWindow[], detector: Detector): NabFile {
  detector.fit([]);
  return { record, windows, verdicts: watchRows(detector, record.rows, record.times) };
}

/** NAB's anomaly score of every row: above the threshold only at the row an event is published, so that an episode counts once. */
export function nabScores({ scores, events }: Verdicts): number[] {
  return scores.map((score, index) =>
    events[index] === true ? Math.max(score, NAB_THRESHOLD) : Math.min(score, NAB_THRESHOLD - 1e-5),
  );
}

/** One row of the table. F1, FAR and MAR count rows after the probation with an open alarm. */
export function nabRow(detector: string, files: readonly NabFile[]): NabRow {
  const of = (profile: NabProfile) => files.map(({ verdicts, windows }) => nabScore(verdicts.events, windows, profile));
  const standard = of('standard');
  let confusion: Confusion = { tp: 0, tn: 0, fp: 0, fn: 0 };
  for (const { record, verdicts } of files) {
    const from = nabProbation(record.rows.length);
    confusion = addConfusion(confusion, confusionOf(record.labels.slice(from), verdicts.alarms.slice(from)));
  }
  const volumes = files
    .map(({ record, verdicts }) => {
      const from = nabProbation(record.rows.length);
      return vusPr(record.labels.slice(from), verdicts.scores.slice(from), VUS_WINDOW);
    })
    .filter(Number.isFinite);
  return {
    detector,
    profiles: {
      standard: normaliseNab(standard, 'standard'),
      lowFp: normaliseNab(of('lowFp'), 'lowFp'),
      lowFn: normaliseNab(of('lowFn'), 'lowFn'),
    },
    windows: standard.reduce((sum, score) => sum + score.windows, 0),
    found: standard.reduce((sum, score) => sum + score.found, 0),
    falseEvents: standard.reduce((sum, score) => sum + score.falseRows, 0),
    vusPr: volumes.reduce((sum, volume) => sum + volume, 0) / Math.max(1, volumes.length),
    ...rates(confusion),
  };
}

/** Our row, then the rows that look at no sensor; `random` raises as many events in each file as ours did. */
export function nabTable(files: readonly NabFile[], random: () => number): NabRow[] {
  const trivial = trivialRows.map((kind) =>
    nabRow(
      kind,
      files.map((file) => ({ ...file, verdicts: withEvents(kind, file, random) })),
    ),
  );
  return [nabRow('joulegate', files), ...trivial];
}

function withEvents(kind: TrivialRow, { record, verdicts }: NabFile, random: () => number): Verdicts {
  const rows = record.rows.length;
  const plain = trivialVerdicts(kind, record, { start: Math.floor(rows / 2), random });
  if (kind === 'always') return { ...plain, events: plain.alarms };
  const at = new Set(
    kind === 'position'
      ? POSITION_SHARES.map((share) => Math.floor(share * rows))
      : verdicts.events.flatMap((event) => (event ? [Math.floor(random() * rows)] : [])),
  );
  return { ...plain, events: plain.scores.map((_, index) => at.has(index)) };
}

/** Label windows as first and last row, from the timestamps of `combined_windows.json`; a time that is no row is left out. */
export function windowRows(
  timestamps: readonly string[],
  windows: readonly (readonly [string, string])[],
): NabWindow[] {
  const rowOf = new Map<string, number>();
  timestamps.forEach((timestamp, index) => {
    const key = shortTime(timestamp);
    if (!rowOf.has(key)) rowOf.set(key, index);
  });
  return windows.flatMap(([from, to]) => {
    const [first, last] = [rowOf.get(shortTime(from)), rowOf.get(shortTime(to))];
    return first === undefined || last === undefined ? [] : [[first, last] as const];
  });
}

const shortTime = (text: string): string => text.trim().replace('T', ' ').slice(0, 19);
