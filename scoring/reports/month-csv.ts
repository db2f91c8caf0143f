import { csvText } from '../csv.ts';
import { headerOf, reportColumns } from './columns.ts';
import type { MonthReport } from './month-report.ts';
import { cleanText, reportTexts, type ReportLanguage } from './report-text.ts';

/** One row per object, UTF-8 with a byte order mark so that Excel reads Chinese. */
export function renderMonthCsv(report: MonthReport, language: ReportLanguage): Uint8Array {
  const texts = reportTexts[language];
  const rows = [
    [texts.month, texts.state, ...reportColumns.map((column) => headerOf(column, language)), texts.hash],
    ...report.rows.map((row) => [
      report.month,
      texts.states[report.state],
      ...reportColumns.map((column) => {
        const value = column.value(row, language);
        return typeof value === 'string' ? cleanText(value) : value;
      }),
      report.hash,
    ]),
  ];
  return new TextEncoder().encode(`\uFEFF${csvText(rows)}`);
}
