import { escape } from '@influxdata/influxdb-client';
import type { SinkPoint } from '../metric-store.ts';
import { badTime, isUsableTime, tagValue, type LineBatch, type SiteTags } from './line-batch.ts';

/** Lines of single points, ms precision. Fields that are no number are left out; a point without any field is refused. */
export function pointLines(
  points: readonly SinkPoint[],
  { site, enterprise, now }: SiteTags & { readonly now: number },
): LineBatch {
  const lines: string[] = [];
  const refused: { row: object; reason: string }[] = [];
  for (const point of points) {
    const { measurement, fields, at } = point;
    const tags = Object.entries({ enterprise, site, ...point.tags })
      .map(([name, value]): [string, string] => [name, name === 'path' && value === '' ? site : value])
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${escape.tag(name)}=${escape.tag(tagValue(value))}`);
    const values = Object.entries(fields).flatMap(([name, value]) => {
      const text = fieldText(value);
      return text === null ? [] : [`${escape.tag(name)}=${text}`];
    });
    if (!isUsableTime(at, now)) refused.push({ row: point, reason: badTime(at) });
    else if (values.length === 0) refused.push({ row: point, reason: 'no field is a number' });
    else lines.push(`${measurement},${tags.join(',')} ${values.join(',')} ${at}`);
  }
  return { lines, refused };
}

/** Line breaks within a text field are allowed by InfluxDB, but not by every reader of lines; they become blanks. */
function fieldText(value: number | string | boolean): string | null {
  if (typeof value === 'boolean') return value ? 'T' : 'F';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : null;
  return escape.quoted(
    value
      .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
      .slice(0, 1000)
      .toWellFormed(),
  );
}
