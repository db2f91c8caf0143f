import { parentPort, workerData } from 'node:worker_threads';
import { buildMonthReport, type MonthReportInput } from './month-report.ts';
import { renderMonth, type ReportForm } from './render.ts';

/** What the worker is given: data, forms, and the font when one of them is a PDF. */
export type ReportWork = {
  readonly input: MonthReportInput;
  readonly forms: readonly ReportForm[];
  readonly font: Uint8Array | null;
};

/** What it says once, before it ends. `daysMeasured`: days of any object with data. */
export type ReportResult = {
  readonly hash: string;
  readonly daysMeasured: number;
  readonly bodies: readonly Uint8Array[];
};

const { input, forms, font } = workerData as ReportWork;
const report = buildMonthReport(input);
const bodies: Uint8Array[] = [];
for (const form of forms) bodies.push(await renderMonth(report, form, () => Promise.resolve(font ?? new Uint8Array())));
const result: ReportResult = {
  hash: report.hash,
  daysMeasured: Math.max(0, ...report.rows.map(({ month }) => month.daysMeasured)),
  bodies,
};
parentPort?.postMessage(result);
