import { renderMonthCsv } from './month-csv.ts';
import { renderMonthPdf } from './month-pdf.ts';
import type { MonthReport } from './month-report.ts';
import { renderMonthXlsx } from './month-xlsx.ts';
import type { ReportLanguage } from './report-text.ts';

export const reportFormats = ['xlsx', 'pdf', 'csv'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** What a report is written as. */
export type ReportForm = { readonly format: ReportFormat; readonly language: ReportLanguage };

/** A report in one of its forms; `font` is for the PDF. */
export async function renderMonth(
  report: MonthReport,
  { format, language }: ReportForm,
  font: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  switch (format) {
    case 'xlsx':
      return renderMonthXlsx(report, language);
    case 'pdf':
      return renderMonthPdf(report, language, await font());
    case 'csv':
      return renderMonthCsv(report, language);
    default:
      return format satisfies never;
  }
}
