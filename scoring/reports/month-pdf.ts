import type { TargetReport } from '../energy/target.ts';
import type { MonthReport, ReportAmount, ReportRow } from './month-report.ts';
import { reportColumns as columns } from './columns.ts';
import { PdfCanvas, type PdfCell, type PdfColumn } from './pdf-canvas.ts';
import { cleanText, localName, objectName, reportTexts, type ReportLanguage } from './report-text.ts';

const MOST_NOTES = 200;

/** The month report on paper: A4, with its font inside, both languages, place for three signatures. Same report, same bytes. */
export async function renderMonthPdf(
  report: MonthReport,
  language: ReportLanguage,
  font: Uint8Array,
): Promise<Uint8Array> {
  const texts = reportTexts[language];
  const title = `${texts.title} ${report.month}`;
  const canvas = new PdfCanvas({
    font,
    title,
    language: language === 'zh' ? 'zh-CN' : 'en',
    // The end of the month stands for the time of writing, which would make every file another one.
    written: new Date(`${report.to}T00:00:00Z`),
  });
  const site = localName(report.site.displayName, report.site.name, language);
  canvas.title(
    title,
    `${cleanText(report.enterprise)} · ${site}    ${report.from} – ${report.to} (${report.zone})    ${texts.state}: ${texts.states[report.state]}`,
  );
  siteFigures(canvas, report, language);
  targets(canvas, report, language);
  objects(canvas, report, language);
  tariff(canvas, report, language);
  quality(canvas, report, language);
  factors(canvas, report, language);
  if (canvas.unshown.length > 0) canvas.text(texts.unshown(canvas.unshown.slice(0, 40).join(' ')));
  canvas.heading(texts.signOff);
  canvas.text(texts.statement);
  canvas.text(`${texts.hash}: ${report.hash}`);
  canvas.boxes(
    texts.signOffColumns.map((header, index): PdfColumn => ({ header, share: [0.18, 0.27, 0.35, 0.2][index] ?? 0.25 })),
    texts.signOffRoles,
  );
  return canvas.finish((page, pages) => `${title}  ·  ${report.hash.slice(0, 16)}  ·  ${texts.page(page, pages)}`);
}

const number = (value: number | null, digits: number, none = '—'): string =>
  value === null
    ? none
    : value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

const percent = (value: number | null, digits = 2, none = '—'): string =>
  value === null ? none : `${value > 0 ? '+' : value < 0 ? '−' : ''}${number(Math.abs(value) * 100, digits)} %`;

const share = (value: number | null): string => (value === null ? '—' : `${number(value * 100, 1)} %`);

function siteFigures(canvas: PdfCanvas, report: MonthReport, language: ReportLanguage): void {
  const texts = reportTexts[language];
  const [row] = report.rows;
  if (row === undefined) return;
  const { figure } = row.month;
  const none = (reason: ReportAmount['reason']): string =>
    `${texts.noFigure}${reason === null ? '' : language === 'zh' ? `：${texts.reasons[reason]}` : `: ${texts.reasons[reason]}`}`;
  const tce = (amount: ReportAmount): string =>
    amount.value === null ? none(amount.reason) : `${number(amount.value / 1000, 4)} tce`;
  const label = (key: string): string => columnLabel(key, language);
  const perUnit = (amount: ReportAmount): string =>
    amount.value === null || figure.sec === null || figure.output === null
      ? none(amount.reason ?? figure.reason)
      : `${number(amount.value / figure.output, 5)} kgce`;
  const intensity = (basis: 'calorific' | 'equivalent'): [string, string] => {
    const { value, change } = report.intensity[basis];
    return [
      `${texts.intensity} (${texts.bases[basis]})`,
      value.value === null
        ? none(value.reason)
        : `${number(value.value, 6)} tce/10⁴ CNY  ${change.value === null ? '' : percent(change.value)}`,
    ];
  };
  canvas.heading(texts.keyFigures);
  canvas.table(
    [
      { header: '', share: 0.5 },
      { header: '', share: 0.5, align: 'right' },
    ],
    [
      [label('energy'), figure.energyKwh === null ? none(figure.reason) : `${number(figure.energyKwh, 2)} kWh`],
      [label('tceCalorific'), tce(row.kgceCalorific)],
      [label('tceEquivalent'), tce(row.kgceEquivalent)],
      [label('tCO2'), row.kgCO2.value === null ? none(row.kgCO2.reason) : `${number(row.kgCO2.value / 1000, 4)} t`],
      [label('output'), outputOf(row) === null ? none(figure.reason) : number(outputOf(row), 0)],
      [label('sec'), figure.sec === null ? none(figure.reason) : `${number(figure.sec, 4)} kWh`],
      [label('kgceCalorificPer'), perUnit(row.kgceCalorific)],
      [label('kgceEquivalentPer'), perUnit(row.kgceEquivalent)],
      [label('changePrevious'), percent(row.changePrevious.value, 2, none(row.changePrevious.reason))],
      [label('changeYear'), percent(row.changeYear.value, 2, none(row.changeYear.reason))],
      intensity('calorific'),
      intensity('equivalent'),
      [`${label('coverage')} · ${label('class')}`, `${share(figure.coverage)} · ${figure.class ?? '—'}`],
      [texts.residual, report.residualKwh === null ? '—' : `${number(report.residualKwh, 2)} kWh`],
    ],
  );
}

function targets(canvas: PdfCanvas, report: MonthReport, language: ReportLanguage): void {
  const texts = reportTexts[language];
  const { target, verdicts } = texts;
  canvas.heading(texts.targets);
  if (report.targets.length === 0) return canvas.text(texts.noTargets);
  const rowsOf = (one: TargetReport, period: string): PdfCell[][] =>
    one.levels.map((level) => [
      {
        text: localName(one.displayName, one.id, language),
        below: `${period} ${one.current.from} – ${one.current.to}`,
        depth: 0,
      },
      percent(one.rawChange),
      percent(one.adjustedChange),
      one.adjustedUncertainty === null ? '—' : `± ${number(one.adjustedUncertainty * 100, 2)} %`,
      percent(-level.reduction, 1),
      verdicts[level.rawVerdict],
      verdicts[level.adjustedVerdict],
    ]);
  canvas.table(
    [
      { header: target.object, share: 0.34 },
      { header: target.raw, share: 0.11, align: 'right' },
      { header: target.adjusted, share: 0.12, align: 'right' },
      { header: target.uncertainty, share: 0.1, align: 'right' },
      { header: target.promise, share: 0.09, align: 'right' },
      { header: target.officially, share: 0.11 },
      { header: target.byLoad, share: 0.13 },
    ],
    report.targets.flatMap(({ month, toDate }) => [
      ...rowsOf(month, target.monthOnly),
      ...rowsOf(toDate, target.toDate),
    ]),
  );
}

/** As the table of the workbook has it. */
const outputOf = (row: ReportRow): number | null =>
  row.month.figure.output === 0 && row.month.figure.scrap === 0 ? null : row.month.figure.output;

function columnLabel(key: string, language: ReportLanguage): string {
  const column = columns.find((one) => one.key === key);
  return column === undefined ? key : column.header[language];
}

function objects(canvas: PdfCanvas, report: MonthReport, language: ReportLanguage): void {
  const texts = reportTexts[language];
  const label = (key: string): string => columnLabel(key, language);
  canvas.heading(texts.byObject);
  canvas.table(
    [
      { header: label('name'), share: 0.24 },
      { header: `${label('energy')} kWh`, share: 0.12, align: 'right' },
      { header: label('output'), share: 0.1, align: 'right' },
      { header: `${label('sec')} kWh`, share: 0.09, align: 'right' },
      { header: label('changePrevious'), share: 0.09, align: 'right' },
      { header: label('changeYear'), share: 0.09, align: 'right' },
      { header: `tce ${texts.bases.calorific}`, share: 0.08, align: 'right' },
      { header: `tce ${texts.bases.equivalent}`, share: 0.08, align: 'right' },
      { header: texts.narrow.coverage, share: 0.06, align: 'right' },
      { header: texts.narrow.class, share: 0.05, align: 'right' },
    ],
    report.rows.map((row): PdfCell[] => {
      const { figure } = row.month;
      const depth = row.object.path === '' ? 0 : row.object.path.split('/').length;
      return [
        { text: objectName(row.object, language), below: cleanText(row.object.path), depth },
        number(figure.energyKwh, 2),
        number(outputOf(row), 0),
        number(figure.sec, 4),
        percent(row.changePrevious.value),
        percent(row.changeYear.value),
        number(row.kgceCalorific.value === null ? null : row.kgceCalorific.value / 1000, 3),
        number(row.kgceEquivalent.value === null ? null : row.kgceEquivalent.value / 1000, 3),
        figure.coverage === null ? '—' : number(figure.coverage * 100, 1),
        figure.class ?? '—',
      ];
    }),
  );
}

function tariff(canvas: PdfCanvas, report: MonthReport, language: ReportLanguage): void {
  const texts = reportTexts[language];
  if (report.tariff === null) return;
  const { parts, cost, idleCost, estimated } = report.tariff;
  canvas.heading(texts.tariff);
  canvas.table(
    [
      { header: texts.tariffParts.level, share: 0.4 },
      { header: texts.tariffParts.energy, share: 0.3, align: 'right' },
      { header: texts.tariffParts.cost, share: 0.3, align: 'right' },
    ],
    [
      ...parts.map((part) => [texts.tariffLevels[part.level], number(part.kwh, 2), number(part.cost, 2)]),
      [
        texts.tariffParts.total,
        number(
          parts.reduce((sum, part) => sum + part.kwh, 0),
          2,
        ),
        number(cost, 2),
      ],
      [texts.tariffParts.idle, '', number(idleCost, 2)],
    ],
  );
  if (estimated) canvas.text(texts.tariffParts.estimated);
}

function quality(canvas: PdfCanvas, report: MonthReport, language: ReportLanguage): void {
  const texts = reportTexts[language];
  const notesOf = (row: ReportRow): string[] => {
    const { figure, days, daysMeasured } = row.month;
    return [
      ...(figure.reason === null ? [] : [texts.reasons[figure.reason]]),
      ...(days.length > daysMeasured ? [texts.missingDays(days.length - daysMeasured, days.length)] : []),
      ...(row.revisedDays > 0 ? [texts.revised(row.revisedDays, row.revisions)] : []),
      ...(row.quota === null || row.quota.grade === null
        ? []
        : [texts.quota(texts.grades[row.quota.grade], number(row.quota.value, 5), cleanText(row.quota.rule.source))]),
    ];
  };
  const rows = report.rows.flatMap((row) => {
    const notes = notesOf(row);
    return notes.length === 0
      ? []
      : [`${cleanText(row.object.path) || objectName(row.object, language)}: ${notes.join('; ')}`];
  });
  canvas.heading(texts.notes);
  const isFactorMissing = report.rows.some(({ kgceCalorific, kgceEquivalent, kgCO2 }) =>
    [kgceCalorific, kgceEquivalent, kgCO2].some(({ reason }) => reason === 'no-factor'),
  );
  if (isFactorMissing) canvas.text(texts.factorRemedy);
  else if (rows.length === 0) canvas.text(texts.noNotes);
  for (const row of rows.slice(0, MOST_NOTES)) canvas.text(row);
  if (rows.length > MOST_NOTES) canvas.text(`… +${rows.length - MOST_NOTES}`);
}

function factors(canvas: PdfCanvas, report: MonthReport, language: ReportLanguage): void {
  const texts = reportTexts[language];
  canvas.heading(texts.factors);
  for (const { set, basis, value, source } of report.factors)
    canvas.text(
      `${value} ${set.quantity}/kWh · ${texts.bases[basis]} · ${cleanText(set.id)} (${cleanText(set.edition)}, ${cleanText(set.region)}, ${set.validFrom} – ${set.validTo ?? ''}) · ${cleanText(`${set.source}; ${source}`)}`,
    );
}
