import { Point } from '@influxdata/influxdb-client';
import type { AnomalyScore } from '../../anomaly/score.ts';
import { figureOf } from '../../energy/figure.ts';
import type { EnergyWindow } from '../../energy/window.ts';

export type SiteTags = { readonly site: string; readonly enterprise: string };

export type LineBatch = {
  readonly lines: readonly string[];
  /** Rows that were not turned into a point, with the reason. */
  readonly refused: readonly { readonly row: object; readonly reason: string }[];
};

const EARLIEST = Date.UTC(2000, 0, 1);
/** The clock of a machine may be wrong by a time zone. */
const SKEW_MS = 86_400_000;

/**
 * A tag value that line protocol carries safely: without control characters and without backslashes. The client leaves
 * them as they are, and before a comma, a blank or the end of the value they swallow what follows.
 */
export function tagValue(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\u2028\u2029\\]/gu, '_');
  return clean === '' ? '_' : clean;
}

/**
 * Lines of one batch, ms precision; the same row gives the same series and timestamp, so that a rewrite replaces. A row of
 * a time before 2000 or more than a day after `now` (epoch ms) is refused: a point in the far future would own `last()`
 * for ever. See SCHEMA.md.
 */
export function toLines(
  batch: { readonly windows: readonly EnergyWindow[]; readonly scores: readonly AnomalyScore[] },
  { site, enterprise, now }: SiteTags & { readonly now: number },
): LineBatch {
  const lines: string[] = [];
  const refused: { row: object; reason: string }[] = [];
  const tags = { site: tagValue(site), enterprise: tagValue(enterprise) };
  const isTime = (at: number): boolean => Number.isSafeInteger(at) && at >= EARLIEST && at <= now + SKEW_MS;
  const add = (point: Point, path: string): void => {
    point
      .tag('site', tags.site)
      .tag('enterprise', tags.enterprise)
      .tag('path', path === '' ? tags.site : tagValue(path));
    const line = point.toLineProtocol({ convertTime: (value) => String(value) });
    if (line !== undefined) lines.push(line);
  };
  for (const row of batch.windows) {
    if (isTime(row.start)) for (const point of pointsOf(row)) add(point, row.path);
    else refused.push({ row, reason: badTime(row.start) });
  }
  for (const row of batch.scores) {
    // Without a score there is nothing to draw; the reason is in the embedded store.
    if (row.score === null) continue;
    if (!isTime(row.at)) refused.push({ row, reason: badTime(row.at) });
    else if (!Number.isFinite(row.score)) refused.push({ row, reason: `score ${row.score} is no number` });
    else
      add(
        new Point('anomaly').timestamp(row.at).floatField('score', row.score).booleanField('alarm', row.alarm),
        row.path,
      );
  }
  return { lines, refused };
}

function pointsOf(row: EnergyWindow): Point[] {
  const figure = figureOf(row);
  const energy = new Point('energy')
    .tag('level', row.level)
    .tag('window', row.window)
    .timestamp(row.start)
    .booleanField('final', row.state === 'final')
    .intField('revision', row.revision);
  number(energy, 'energy_kwh', figure.energyKwh);
  number(energy, 'idle_kwh', figure.idleKwh);
  number(energy, 'estimated_kwh', figure.energyKwh === null ? null : row.estimatedKwh);
  number(energy, 'output', figure.output);
  number(energy, 'scrap', figure.scrap);
  number(energy, 'coverage', figure.coverage);
  number(energy, 'run_hours', figure.runHours);
  number(energy, 'idle_hours', figure.idleHours);
  if (figure.sec === null || !Number.isFinite(figure.sec)) return [energy];
  const sec = new Point('energy_per_output').tag('level', row.level).tag('window', row.window).timestamp(row.start);
  number(sec, 'sec_kwh_per_unit', figure.sec);
  number(sec, 'output', figure.output);
  if (figure.class !== null) sec.stringField('class', figure.class);
  return [energy, sec];
}

function number(point: Point, name: string, value: number | null): void {
  if (value !== null && Number.isFinite(value)) point.floatField(name, value);
}

const badTime = (at: number): string =>
  `time ${at} ms is before 2000 or more than a day ahead; check the clock of the machine`;
