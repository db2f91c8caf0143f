import { escape } from '@influxdata/influxdb-client';
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
  const tags = { site: escape.tag(tagValue(site)), enterprise: escape.tag(tagValue(enterprise)) };
  const paths = new Map<string, string>();
  const pathTag = (path: string): string => {
    let tag = paths.get(path);
    if (tag === undefined) {
      tag = path === '' ? tags.site : escape.tag(tagValue(path));
      paths.set(path, tag);
    }
    return tag;
  };
  const isTime = (at: number): boolean => isUsableTime(at, now);
  for (const row of batch.windows) {
    if (!isTime(row.start)) refused.push({ row, reason: badTime(row.start) });
    else if (!sumNames.every((name) => Number.isFinite(row[name]))) refused.push({ row, reason: 'a sum is no number' });
    else {
      const identity = `enterprise=${tags.enterprise},level=${row.level},path=${pathTag(row.path)}`;
      pushWindow(lines, row, { identity, site: tags.site });
    }
  }
  for (const row of batch.scores) {
    // Without a score there is nothing to draw; the reason is in the embedded store.
    if (row.score === null) continue;
    if (!isTime(row.at)) refused.push({ row, reason: badTime(row.at) });
    else if (!Number.isFinite(row.score)) refused.push({ row, reason: `score ${row.score} is no number` });
    else
      lines.push(
        `anomaly,enterprise=${tags.enterprise},path=${pathTag(row.path)},site=${tags.site} alarm=${flag(row.alarm)},score=${row.score} ${row.at}`,
      );
  }
  return { lines, refused };
}

/**
 * Written by hand, in the order in which the client library sorts: its `Point` takes as long for a line as InfluxDB takes
 * to store it.
 */
function pushWindow(
  lines: string[],
  row: EnergyWindow,
  { identity, site }: { readonly identity: string; readonly site: string },
): void {
  const figure = figureOf(row);
  const { before, after } = sums(row, figure);
  const state = `final=${flag(row.state === 'final')},`;
  const tags = `${identity},site=${site},window=${row.window}`;
  lines.push(
    `energy,${tags} ${before}${state}${after.replace('run_hours', `revision=${row.revision}i,run_hours`)} ${row.start}`,
  );
  if (row.state === 'final' && (revisedWindows as readonly WindowSize[]).includes(row.window)) {
    const series = `${identity},revision=${row.revision},site=${site},window=${row.window}`;
    lines.push(
      `energy_revision,${series} ${before}${after.replace('run_hours', `number=${row.revision}i,run_hours`)} ${row.start}`,
    );
  }
  if (figure.sec === null || !Number.isFinite(figure.sec)) return;
  const quality = figure.class === null ? '' : `class="${figure.class}",`;
  lines.push(`energy_per_output,${tags} ${quality}output=${figure.output},sec_kwh_per_unit=${figure.sec} ${row.start}`);
}

/** Fields before and after `final`, sorted by name; those without a figure are left out. */
function sums(row: EnergyWindow, figure: EnergyFigure): { readonly before: string; readonly after: string } {
  const estimated = figure.energyKwh === null ? null : row.estimatedKwh;
  return {
    before: `${field('coverage', figure.coverage)}covered_ms=${row.coveredMs},${field('energy_kwh', figure.energyKwh)}${field('estimated_kwh', estimated)}expected_ms=${row.expectedMs},`,
    after: `idle_hours=${figure.idleHours},${field('idle_kwh', figure.idleKwh)}${field('output', figure.output)}run_hours=${figure.runHours}${figure.scrap === null ? '' : `,scrap=${figure.scrap}`}`,
  };
}

const field = (name: string, value: number | null): string => (value === null ? '' : `${name}=${value},`);
const flag = (value: boolean): string => (value ? 'T' : 'F');

/** Whether a point of this time may be sent; both in epoch ms. */
export const isUsableTime = (at: number, now: number): boolean =>
  Number.isSafeInteger(at) && at >= EARLIEST && at <= now + SKEW_MS;

export const badTime = (at: number): string =>
  `time ${at} ms is before 2000 or more than a day ahead; check the clock of the machine`;
