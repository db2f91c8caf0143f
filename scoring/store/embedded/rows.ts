import type { SQLOutputValue } from 'node:sqlite';
import type { AnomalyEpisode, AnomalyScore, Contribution, NoScoreReason } from '../../anomaly/score.ts';
import type { EnergyWindow, EquipmentLevel, WindowSize } from '../../energy/window.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** Columns of a window table in the order of `windowValues`. */
export const WINDOW_COLUMNS =
  'object, start, end, final, revision, energy, idle, estimated, output, scrap, run_ms, idle_ms, off_ms, other_ms, covered_ms, expected_ms, gap_ms, unresolved';

/** Values of one row; written from objects this room made, so the casts on reading hold. */
export function windowValues(row: EnergyWindow, object: number): (number | bigint)[] {
  return [
    object,
    row.start,
    row.end,
    row.state === 'final' ? 1 : 0,
    row.revision,
    row.energyKwh,
    row.idleKwh,
    row.estimatedKwh,
    row.output,
    row.scrap,
    row.runMs,
    row.idleMs,
    row.offMs,
    row.otherMs,
    row.coveredMs,
    row.expectedMs,
    row.worstGapMs,
    row.unresolved,
  ];
}

export function toWindow(row: Row, window: WindowSize): EnergyWindow {
  return {
    path: String(row['path']),
    level: String(row['level']) as EquipmentLevel,
    window,
    start: Number(row['start']),
    end: Number(row['end']),
    state: row['final'] === 1 ? 'final' : 'open',
    revision: Number(row['revision']),
    energyKwh: Number(row['energy']),
    idleKwh: Number(row['idle']),
    estimatedKwh: Number(row['estimated']),
    output: Number(row['output']),
    scrap: Number(row['scrap']),
    runMs: Number(row['run_ms']),
    idleMs: Number(row['idle_ms']),
    offMs: Number(row['off_ms']),
    otherMs: Number(row['other_ms']),
    coveredMs: Number(row['covered_ms']),
    expectedMs: Number(row['expected_ms']),
    worstGapMs: Number(row['gap_ms']),
    unresolved: Number(row['unresolved']),
  };
}

export function toScore(row: Row): AnomalyScore {
  const contributions = row['contributions'];
  return {
    path: String(row['path']),
    at: Number(row['at']),
    score: row['score'] === null ? null : Number(row['score']),
    ...(row['reason'] === null ? {} : { reason: String(row['reason']) as NoScoreReason }),
    context: String(row['context']),
    alarm: row['alarm'] === 1,
    model: String(row['model']),
    contributions: typeof contributions === 'string' ? (JSON.parse(contributions) as Contribution[]) : [],
  };
}

export function toEpisode(row: Row): AnomalyEpisode {
  return JSON.parse(String(row['body'])) as AnomalyEpisode;
}
