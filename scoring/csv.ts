export type CsvCell = string | number | boolean | null;

/** Characters a spreadsheet takes for the beginning of a formula, full-width ones included. */
const FORMULA = /^[=+\-@\t\r\n|%＝＋－＠]/u;

/**
 * RFC 4180 text with CRLF. A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers are
 * written in their shortest form; null is an empty field.
 */
export function csvText(rows: Iterable<readonly CsvCell[]>): string {
  let text = '';
  for (const row of rows) text += `${row.map(cell).join(',')}\r\n`;
  return text;
}

function cell(value: CsvCell): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
