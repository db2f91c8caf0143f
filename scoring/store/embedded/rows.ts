import type { SQLOutputValue } from 'node:sqlite';
import type { AnomalyEpisode, AnomalyScore, Contribution, NoScoreReason } from '../../anomaly/score.ts';
import type { EnergyWindow } from '../../energy/window.ts';
import type { Alert } from '../../security/alert.ts';
import { blockOf, SCORE_BLOCK_MS, windowBlockMs } from './schema.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** A row by position of its columns. */
export type Cells = readonly SQLOutputValue[];

type Value = number | string | null;

/** Columns of a window table in the order of `windowValues`. */
export const WINDOW_COLUMNS =
  'block, object, start, end, final, revision, energy, idle, estimated, output, scrap, run_ms, idle_ms, off_ms, other_ms, covered_ms, expected_ms, gap_ms, unresolved';

/** Columns of the score table in the order of `scoreValues`. */
export const SCORE_COLUMNS = 'block, object, at, score, reason, context, alarm, model, contributions';

/** Values of one row; written from objects this room made, so the casts on reading hold. */
export function windowValues(row: EnergyWindow, object: number): number[] {
  return [
    blockOf(row.start, windowBlockMs[row.window]),
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

/** A window from cells in the order of WINDOW_COLUMNS. Number by position: a trend has 10,000 of them. */
export function toWindow(
  cells: Cells,
  { path, level, window }: Pick<EnergyWindow, 'path' | 'level' | 'window'>,
): EnergyWindow {
  return {
    path,
    level,
    window,
    start: cells[2] as number,
    end: cells[3] as number,
    state: cells[4] === 1 ? 'final' : 'open',
    revision: cells[5] as number,
    energyKwh: cells[6] as number,
    idleKwh: cells[7] as number,
    estimatedKwh: cells[8] as number,
    output: cells[9] as number,
    scrap: cells[10] as number,
    runMs: cells[11] as number,
    idleMs: cells[12] as number,
    offMs: cells[13] as number,
    otherMs: cells[14] as number,
    coveredMs: cells[15] as number,
    expectedMs: cells[16] as number,
    worstGapMs: cells[17] as number,
    unresolved: cells[18] as number,
  };
}

export function scoreValues(score: AnomalyScore, object: number): Value[] {
  return [
    blockOf(score.at, SCORE_BLOCK_MS),
    object,
    score.at,
    score.score,
    score.reason ?? null,
    score.context,
    score.alarm ? 1 : 0,
    score.model,
    score.contributions.length === 0 ? null : JSON.stringify(score.contributions),
  ];
}

/** A score from cells in the order of SCORE_COLUMNS. */
export function toScore(cells: Cells, path: string): AnomalyScore {
  const [, , at, score, reason, context, alarm, model, contributions] = cells;
  return {
    path,
    at: at as number,
    score: score as number | null,
    ...(reason === null ? {} : { reason: reason as NoScoreReason }),
    context: String(context),
    alarm: alarm === 1,
    model: String(model),
    contributions: typeof contributions === 'string' ? (JSON.parse(contributions) as Contribution[]) : [],
  };
}

export function toEpisode(row: Row): AnomalyEpisode {
  return JSON.parse(String(row['body'])) as AnomalyEpisode;
}

export function alertValues(alert: Alert): Value[] {
  return [
    alert.id,
    alert.key,
    alert.review,
    alert.condition,
    alert.equipment ?? null,
    alert.last,
    JSON.stringify(alert),
  ];
}

export function toAlert(row: Row): Alert {
  return JSON.parse(String(row['body'])) as Alert;
}

/** Whether every number of a row is one: what is not finite is no figure and must not spoil the batch it came with. */
export function isFiniteRow(values: readonly Value[]): boolean {
  return values.every((value) => typeof value !== 'number' || Number.isFinite(value));
}

/**
 * Thins score rows in time order to at most `limit`: of each even group the one with the largest score stays, so that a short
 * alarm remains visible. A row without a score only stands for a group that has none.
 */
export function thinScores(rows: readonly Cells[], limit: number): readonly Cells[] {
  if (rows.length <= limit) return rows;
  const groups = Math.max(1, Math.floor(limit));
  const scoreOf = (cells: Cells | undefined): number => (typeof cells?.[3] === 'number' ? cells[3] : -1);
  return Array.from({ length: groups }, (_, group) => {
    const from = Math.floor((group * rows.length) / groups);
    const to = Math.floor(((group + 1) * rows.length) / groups);
    let best = rows[from];
    for (let at = from + 1; at < to; at += 1) if (scoreOf(rows[at]) > scoreOf(best)) best = rows[at];
    return best;
  }).filter((cells) => cells !== undefined);
}
