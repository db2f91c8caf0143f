import type { WriteSheet } from 'hucre';
import type { TargetReport } from '../energy/target.ts';
import type { MonthReport } from './month-report.ts';
import { cleanText, localName, reportTexts, type ReportLanguage } from './report-text.ts';
import { Sheet, cellName, type CellLook } from './sheet.ts';

type Entry = readonly [string | number | null, CellLook];

const CHANGE = '+0.00%;-0.00%;0.00%';

/** Promised falls: raw and load-adjusted change beside one another, this month and since the base period; energy per value added. */
export function targetSheet(report: MonthReport, language: ReportLanguage): WriteSheet {
  const texts = reportTexts[language];
  const { target, verdicts, noFigure } = texts;
  const sheet = new Sheet();
  const change = (value: number | null): Entry => (value === null ? [noFigure, 'none'] : [value, { format: CHANGE }]);
  sheet.row([[texts.targets, 'title']]);
  sheet.row(
    [
      '',
      target.object,
      texts.period,
      target.base,
      target.raw,
      target.adjusted,
      target.load,
      target.uncertainty,
      target.promise,
      target.officially,
      target.byLoad,
    ].map((text): Entry => [text, 'header']),
  );
  const rowsOf = (one: TargetReport, period: string): void => {
    for (const level of one.levels)
      sheet.row([
        [localName(one.displayName, one.id, language), 'text'],
        [cleanText(one.path), 'text'],
        [`${period}: ${one.current.from} – ${one.current.to}`, 'text'],
        [`${one.base.from} – ${one.base.to}`, 'text'],
        change(one.rawChange),
        change(one.adjustedChange),
        change(one.loadEffect),
        change(one.adjustedUncertainty),
        [-level.reduction, { format: CHANGE }],
        [verdicts[level.rawVerdict], 'text'],
        [verdicts[level.adjustedVerdict], 'text'],
      ]);
  };
  for (const { month, toDate } of report.targets) {
    rowsOf(month, target.monthOnly);
    rowsOf(toDate, target.toDate);
  }
  if (report.targets.length === 0) sheet.row([[texts.noTargets, 'text']]);
  sheet.row([]);
  valueAddedRows(sheet, report, language);
  return sheet.finish({ name: texts.sheets.target, widths: [30, 22, 34, 26, 14, 16, 14, 12, 14, 18, 18] });
}

function valueAddedRows(sheet: Sheet, report: MonthReport, language: ReportLanguage): void {
  const texts = reportTexts[language];
  sheet.row([[texts.intensity, 'label']]);
  const booked = report.valueAdded;
  sheet.row([
    [texts.valueAdded, 'text'],
    booked === null ? [texts.reasons['no-value-added'], 'none'] : [booked.nominal, { format: '#,##0.00' }],
    ['10⁴ CNY', 'text'],
    booked === null ? ['', 'text'] : [booked.priceIndex, { format: '0.00' }],
    [booked === null ? '' : cleanText(`${texts.states[booked.status]} · ${booked.source}`), 'text'],
  ]);
  const line = sheet.length;
  for (const basis of ['calorific', 'equivalent'] as const) {
    const { value, change } = report.intensity[basis];
    const tce = report.rows[0]?.[basis === 'calorific' ? 'kgceCalorific' : 'kgceEquivalent'].value ?? null;
    sheet.row([
      [`${texts.intensity} (${texts.bases[basis]})`, 'text'],
      value.value === null
        ? [texts.reasons[value.reason ?? 'no-data'], 'none']
        : [
            value.value,
            { format: '0.000000', formula: `F${line + (basis === 'calorific' ? 1 : 2)}/(B${line}/(D${line}/100))` },
          ],
      ['tce/10⁴ CNY', 'text'],
      change.value === null ? [texts.reasons[change.reason ?? 'no-base'], 'none'] : [change.value, { format: CHANGE }],
      [texts.intensityChange, 'text'],
      [tce === null ? null : tce / 1000, { format: '#,##0.0000' }],
      ['tce', 'text'],
    ]);
  }
}

/** Factors with source and edition, and the energy of the site by tariff period. */
export function factorSheet(report: MonthReport, language: ReportLanguage): WriteSheet {
  const texts = reportTexts[language];
  const { factor, tariffParts } = texts;
  const sheet = new Sheet();
  sheet.row([[texts.factors, 'title']]);
  sheet.row(
    [
      factor.quantity,
      factor.basis,
      factor.value,
      factor.set,
      factor.edition,
      factor.region,
      factor.valid,
      factor.source,
    ].map((text): Entry => [text, 'header']),
  );
  for (const { set, basis, value, source } of report.factors)
    sheet.row([
      [set.quantity, 'text'],
      [texts.bases[basis], 'text'],
      [value, { format: 'General' }],
      [cleanText(set.id), 'text'],
      [cleanText(set.edition), 'text'],
      [cleanText(set.region), 'text'],
      [`${set.validFrom} – ${set.validTo ?? ''}`, 'text'],
      [cleanText(`${set.source}; ${source}`), 'text'],
    ]);
  sheet.row([]);
  const { tariff } = report;
  if (tariff !== null) {
    sheet.row([[`${texts.tariff}: ${cleanText(tariff.plan)}`, 'label']]);
    sheet.row([tariffParts.level, tariffParts.energy, tariffParts.cost].map((text): Entry => [text, 'header']));
    const first = sheet.length + 1;
    const cost = (value: number | null, formula?: string): Entry =>
      value === null ? [null, 'text'] : [value, { format: '#,##0.00', ...(formula === undefined ? {} : { formula }) }];
    for (const part of tariff.parts)
      sheet.row([[texts.tariffLevels[part.level], 'text'], [part.kwh, { format: '#,##0.00' }], cost(part.cost)]);
    const last = sheet.length;
    const sum = (column: number): string => `SUM(${cellName(column, first)}:${cellName(column, last)})`;
    const total = tariff.parts.reduce((kwh, part) => kwh + part.kwh, 0);
    if (last >= first)
      sheet.row([
        [tariffParts.total, 'label'],
        [total, { format: '#,##0.00', formula: sum(1) }],
        cost(tariff.cost, sum(2)),
      ]);
    sheet.row([[tariffParts.idle, 'text'], ['', 'text'], cost(tariff.idleCost)]);
    if (tariff.estimated) sheet.row([[tariffParts.estimated, 'none']]);
  }
  return sheet.finish({ name: texts.sheets.factors, widths: [16, 14, 14, 22, 10, 10, 26, 70] });
}

/** Who prepared, checked and approved, with the hash of what they sign. */
export function signOffSheet(report: MonthReport, language: ReportLanguage): WriteSheet {
  const texts = reportTexts[language];
  const sheet = new Sheet();
  sheet.row([[`${texts.signOff} · ${report.month}`, 'title']]);
  sheet.row([[texts.statement, 'text']]);
  sheet.row([[`${texts.hash}: ${report.hash}`, 'text']]);
  sheet.row([[`${texts.state}: ${texts.states[report.state]}`, 'text']]);
  sheet.row([]);
  sheet.row(texts.signOffColumns.map((text): Entry => [text, 'header']));
  for (const role of texts.signOffRoles) sheet.row([role, '', '', ''].map((text): Entry => [text, 'box']));
  return sheet.finish({ name: texts.sheets.signOff, widths: [22, 26, 34, 20] });
}
