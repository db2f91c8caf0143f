import { Point } from '@influxdata/influxdb-client';
import type { AnomalyScore } from '../../anomaly/score.ts';
import { figureOf } from '../../energy/figure.ts';
import type { EnergyWindow } from '../../energy/window.ts';

export type SiteTags = { readonly site: string; readonly enterprise: string };

/** Instants outside are not written: a point in the far future would own `last()` for ever. */
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/** A tag value that line protocol carries safely: no control characters, no backslash at the end (the client leaves that unescaped). */
export function tagValue(text: string): string {
  const clean = text.replaceAll(/\p{Cc}/gu, '_').replace(/\\+$/, '_');
  return clean === '' ? '_' : clean;
}

/** Lines of one batch, ms precision; the same row gives the same series and timestamp, so that a rewrite replaces. See SCHEMA.md. */
export function toLines(
  batch: { readonly windows: readonly EnergyWindow[]; readonly scores: readonly AnomalyScore[] },
  { site, enterprise }: SiteTags,
): string[] {
  const lines: string[] = [];
  const add = (point: Point, path: string): void => {
    point
      .tag('site', tagValue(site))
      .tag('enterprise', tagValue(enterprise))
      .tag('path', tagValue(path === '' ? site : path));
    const line = point.toLineProtocol({ convertTime: (value) => String(value) });
    if (line !== undefined) lines.push(line);
  };
  for (const row of batch.windows) {
    if (!isTime(row.start)) continue;
    const figure = figureOf(row);
    const energy = new Point('energy')
      .tag('level', row.level)
      .tag('window', row.window)
      .timestamp(row.start)
      .booleanField('final', row.state === 'final')
      .intField('revision', row.revision);
    number(energy, 'energy_kwh', figure.energyKwh);
    number(energy, 'idle_kwh', figure.idleKwh);
    number(energy, 'estimated_kwh', row.estimatedKwh);
    number(energy, 'output', figure.output);
    number(energy, 'scrap', figure.scrap);
    number(energy, 'coverage', figure.coverage);
    number(energy, 'run_hours', figure.runHours);
    number(energy, 'idle_hours', figure.idleHours);
    add(energy, row.path);
    if (figure.sec === null) continue;
    const sec = new Point('energy_per_output').tag('level', row.level).tag('window', row.window).timestamp(row.start);
    number(sec, 'sec_kwh_per_unit', figure.sec);
    number(sec, 'output', figure.output);
    if (figure.class !== null) sec.stringField('class', figure.class);
    add(sec, row.path);
  }
  for (const score of batch.scores) {
    if (score.score === null || !isTime(score.at)) continue;
    add(
      new Point('anomaly').timestamp(score.at).floatField('score', score.score).booleanField('alarm', score.alarm),
      score.path,
    );
  }
  return lines;
}

function number(point: Point, name: string, value: number | null): void {
  if (value !== null && Number.isFinite(value)) point.floatField(name, value);
}

function isTime(at: number): boolean {
  return at >= EARLIEST && at < LATEST;
}
