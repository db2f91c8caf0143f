import { writeXlsx } from 'hucre/xlsx';
import type { WriteSheet } from 'hucre';
import { headerOf, reportColumns, type ReportColumn } from './columns.ts';
import type { MonthReport, ReportDay, ReportRow } from './month-report.ts';
import { cleanText, localName, reportTexts, type ReportLanguage } from './report-text.ts';
import { Sheet, cellName, type CellLook } from './sheet.ts';
import { factorSheet, signOffSheet, targetSheet } from './month-xlsx-sheets.ts';

/** First and last row of a period on the raw sheet, counted from 1. */
type Range = { readonly first: number; readonly last: number };
type Ranges = Readonly<Record<'month' | 'previous' | 'yearBefore', Range | null>>;

const raw = {
  energy: 'D',
  idle: 'E',
  estimated: 'F',
  output: 'G',
  scrap: 'H',
  measured: 'I',
  expected: 'J',
  unresolved: 'L',
  revision: 'M',
  state: 'N',
  kgceCalorific: 'O',
  kgceEquivalent: 'P',
  kgCO2: 'Q',
} as const;

/**
 * The month report as a workbook: summary whose figures are formulas over the raw sheet, targets, factors, raw days, sign-off.
 * Results stand beside the formulas, so that a viewer that does not calculate shows them too. Same report, same bytes.
 */
export async function renderMonthXlsx(report: MonthReport, language: ReportLanguage): Promise<Uint8Array> {
  const { sheet, ranges } = rawSheet(report, language);
  // The end of the month stands for the time of writing, which would make every file another one.
  const written = new Date(`${report.to}T00:00:00Z`);
  return writeXlsx({
    sheets: [
      summarySheet(report, language, ranges),
      targetSheet(report, language),
      factorSheet(report, language),
      sheet,
      signOffSheet(report, language),
    ],
    properties: {
      title: `${reportTexts[language].title} ${report.month}`,
      creator: 'Joulegate',
      created: written,
      modified: written,
    },
    defaultFont: { name: language === 'zh' ? 'Microsoft YaHei' : 'Calibri', size: 10 },
  });
}

function summarySheet(report: MonthReport, language: ReportLanguage, ranges: ReadonlyMap<string, Ranges>): WriteSheet {
  const texts = reportTexts[language];
  const sheet = new Sheet();
  sheet.row([[`${texts.title} ${report.month}`, 'title']]);
  const site = localName(report.site.displayName, report.site.name, language);
  for (const [label, value] of [
    [texts.site, `${cleanText(report.enterprise)} · ${site}`],
    [texts.period, `${report.from} – ${report.to} (${report.zone})`],
    [texts.state, texts.states[report.state]],
    [texts.hash, report.hash],
  ] as const)
    sheet.row([
      [label, 'label'],
      [value, 'text'],
    ]);
  sheet.row([]);
  const headerRow = sheet.length;
  sheet.row(reportColumns.map((column) => [headerOf(column, language), 'header']));
  for (const row of report.rows) summaryRow(sheet, row, language, ranges.get(row.object.path));
  sheet.row([]);
  if (report.residualKwh !== null)
    sheet.row([
      [texts.residual, 'label'],
      ['', 'text'],
      ['', 'text'],
      [report.residualKwh, { format: '#,##0.00' }],
    ]);
  return {
    ...sheet.finish({ name: texts.sheets.summary, widths: reportColumns.map(widthOf) }),
    freezePane: { rows: headerRow + 1, columns: 2 },
    pageSetup: { paperSize: 'a3', orientation: 'landscape', fitToPage: true, fitToWidth: 1, fitToHeight: 0 },
  };
}

const widthOf = ({ key }: ReportColumn): number => (key === 'path' || key === 'name' ? 28 : key === 'reason' ? 44 : 14);

function summaryRow(sheet: Sheet, row: ReportRow, language: ReportLanguage, ranges: Ranges | undefined): void {
  const { noFigure } = reportTexts[language];
  const line = sheet.length + 1;
  const at = (key: string): string =>
    cellName(
      reportColumns.findIndex((column) => column.key === key),
      line,
    );
  const formulas = ranges === undefined ? {} : formulasOf(ranges, at, reportTexts[language].sheets.raw);
  sheet.row(
    reportColumns.map((column): [string | number, CellLook] => {
      const value = column.value(row, language);
      if (typeof value === 'number') {
        const formula = formulas[column.key];
        return [value, formula === undefined ? { format: column.format } : { format: column.format, formula }];
      }
      const formula = column.key === 'class' && value !== null ? formulas['class'] : undefined;
      if (formula !== undefined && value !== null) return [value, { format: '@', formula }];
      if (value === null) return [column.format === '@' ? '' : noFigure, 'none'];
      return [cleanText(value), 'text'];
    }),
  );
}

/** The formula of each column over the raw sheet; `at` names the cell of another column in the same row. */
function formulasOf(
  { month, previous, yearBefore }: Ranges,
  at: (key: string) => string,
  rawName: string,
): Readonly<Record<string, string>> {
  const over = ({ first, last }: Range, name: keyof typeof raw): string =>
    `'${rawName}'!${raw[name]}${first}:${raw[name]}${last}`;
  const secOf = (range: Range | null): string | null =>
    range === null ? null : `SUM(${over(range, 'energy')})/SUM(${over(range, 'output')})`;
  const found: Record<string, string> = {
    sec: `${at('energy')}/${at('output')}`,
    idleShare: `${at('idle')}/${at('energy')}`,
    kgceCalorificPer: `${at('tceCalorific')}*1000/${at('output')}`,
    kgceEquivalentPer: `${at('tceEquivalent')}*1000/${at('output')}`,
    changePrevious: `${at('sec')}/${at('secPrevious')}-1`,
    changeYear: `${at('sec')}/${at('secYear')}-1`,
    class: `IF(${at('coverage')}>=0.99,"A",IF(${at('coverage')}>=0.95,"B","C"))`,
  };
  if (month !== null) {
    for (const name of ['energy', 'output', 'scrap', 'idle', 'unresolved'] as const)
      found[name] = `SUM(${over(month, name)})`;
    for (const [key, factor] of [
      ['tceCalorific', 'kgceCalorific'],
      ['tceEquivalent', 'kgceEquivalent'],
      ['tCO2', 'kgCO2'],
    ] as const)
      found[key] = `SUMPRODUCT(${over(month, 'energy')},${over(month, factor)})/1000`;
    found['coverage'] = `SUM(${over(month, 'measured')})/SUM(${over(month, 'expected')})`;
    found['estimatedShare'] = `SUM(${over(month, 'estimated')})/${at('energy')}`;
    found['revisions'] = `SUM(${over(month, 'revision')})`;
    found['revisedDays'] = `COUNTIF(${over(month, 'revision')},">0")`;
    found['days'] = `ROWS(${over(month, 'state')})`;
    found['daysMeasured'] = `COUNT(${over(month, 'energy')})`;
  }
  const before = { secPrevious: secOf(previous), secYear: secOf(yearBefore) };
  for (const [key, formula] of Object.entries(before)) if (formula !== null) found[key] = formula;
  return found;
}

function rawSheet(
  report: MonthReport,
  language: ReportLanguage,
): { readonly sheet: WriteSheet; readonly ranges: ReadonlyMap<string, Ranges> } {
  const texts = reportTexts[language];
  const sheet = new Sheet();
  sheet.row([[texts.rawNote, 'text']]);
  sheet.row(texts.rawHeaders.map((header) => [header, 'header']));
  const ranges = new Map<string, Ranges>();
  for (const { object, ...row } of report.rows) {
    const write = (period: 'month' | 'previous' | 'yearBefore'): Range | null => {
      const first = sheet.length + 1;
      for (const day of row[period].days) rawRow(sheet, [texts.rawPeriods[period], object.path], day, texts.states);
      return sheet.length < first ? null : { first, last: sheet.length };
    };
    ranges.set(object.path, { month: write('month'), previous: write('previous'), yearBefore: write('yearBefore') });
  }
  return {
    sheet: {
      ...sheet.finish({ name: texts.sheets.raw, widths: [10, 30, 12, ...texts.rawHeaders.slice(3).map(() => 14)] }),
      freezePane: { rows: 2, columns: 3 },
    },
    ranges,
  };
}

function rawRow(
  sheet: Sheet,
  [period, path]: readonly [string, string],
  { day, state, revision, sums, factors }: ReportDay,
  states: Readonly<Record<ReportDay['state'], string>>,
): void {
  const plain = { format: 'General' };
  const number = (value: number | null): [string | number | null, CellLook] => [value, plain];
  const measured = (value: number) => number(state === 'missing' ? null : value);
  sheet.row([
    [period, 'text'],
    [cleanText(path), 'text'],
    [day, 'text'],
    measured(sums.energyKwh),
    measured(sums.idleKwh),
    measured(sums.estimatedKwh),
    measured(sums.output),
    measured(sums.scrap),
    number(sums.coveredMs / 1000),
    number(sums.expectedMs / 1000),
    measured(sums.worstGapMs / 1000),
    measured(sums.unresolved),
    measured(revision),
    [states[state], 'text'],
    number(factors.kgceCalorific),
    number(factors.kgceEquivalent),
    number(factors.kgCO2),
  ]);
}
