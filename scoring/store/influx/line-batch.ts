import { Point } from '@influxdata/influxdb-client';
import type { AnomalyScore } from '../../anomaly/score.ts';
import { figureOf, NO_SUMS, type EnergyFigure, type EnergySums } from '../../energy/figure.ts';
import type { EnergyWindow, WindowSize } from '../../energy/window.ts';
import { revisedWindows } from '../series.ts';

export type SiteTags = { readonly site: string; readonly enterprise: string };

export type LineBatch = {
  readonly lines: readonly string[];
  /** Rows that were not turned into a point, with the reason. */
  readonly refused: readonly { readonly row: object; readonly reason: string }[];
};

const sumNames = Object.keys(NO_SUMS) as (keyof EnergySums)[];
const EARLIEST = Date.UTC(2000, 0, 1);
/** The clock of a machine may be wrong by a time zone. */
const SKEW_MS = 86_400_000;

/**
 * A tag value that line protocol carries safely and that no other name shares: control characters and backslashes, which
 * the client leaves as they are and which swallow what follows, become % and their UTF-8 bytes in hexadecimal (RFC 3986, 2.1).
 * A % stays itself unless it would read as such a code.
 */
export function tagValue(text: string): string {
  const clean = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029\\]|%(?=[0-9A-F]{2})/gu, (mark) =>
      [...Buffer.from(mark)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    );
  return clean === '' ? '_' : clean;
}

/** The name behind a tag value. */
export function decodeTag(tag: string): string {
  return tag.replaceAll(/(?:%[0-9A-F]{2})+/g, (codes) => Buffer.from(codes.replaceAll('%', ''), 'hex').toString());
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
    if (!isTime(row.start)) refused.push({ row, reason: badTime(row.start) });
    else if (!sumNames.every((name) => Number.isFinite(row[name]))) refused.push({ row, reason: 'a sum is no number' });
    else for (const point of pointsOf(row)) add(point, row.path);
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
  const points = [
    sums(new Point('energy'), row, figure)
      .booleanField('final', row.state === 'final')
      .intField('revision', row.revision),
  ];
  if (row.state === 'final' && (revisedWindows as readonly WindowSize[]).includes(row.window)) {
    const tag = String(row.revision);
    points.push(sums(new Point('energy_revision'), row, figure).tag('revision', tag).intField('number', row.revision));
  }
  if (figure.sec === null || !Number.isFinite(figure.sec)) return points;
  const sec = new Point('energy_per_output').tag('level', row.level).tag('window', row.window).timestamp(row.start);
  number(sec, 'sec_kwh_per_unit', figure.sec);
  number(sec, 'output', figure.output);
  if (figure.class !== null) sec.stringField('class', figure.class);
  return [...points, sec];
}

function sums(point: Point, row: EnergyWindow, figure: EnergyFigure): Point {
  point.tag('level', row.level).tag('window', row.window).timestamp(row.start);
  number(point, 'energy_kwh', figure.energyKwh);
  number(point, 'idle_kwh', figure.idleKwh);
  number(point, 'estimated_kwh', figure.energyKwh === null ? null : row.estimatedKwh);
  number(point, 'output', figure.output);
  number(point, 'scrap', figure.scrap);
  number(point, 'coverage', figure.coverage);
  number(point, 'covered_ms', row.coveredMs);
  number(point, 'expected_ms', row.expectedMs);
  number(point, 'run_hours', figure.runHours);
  number(point, 'idle_hours', figure.idleHours);
  return point;
}

function number(point: Point, name: string, value: number | null): void {
  if (value !== null && Number.isFinite(value)) point.floatField(name, value);
}

const badTime = (at: number): string =>
  `time ${at} ms is before 2000 or more than a day ahead; check the clock of the machine`;
