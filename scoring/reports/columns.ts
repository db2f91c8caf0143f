import type { ReportRow } from './month-report.ts';
import { objectName, reportTexts, type ReportLanguage } from './report-text.ts';

export type ReportCell = number | string | null;

/** One column of the table of objects. */
export type ReportColumn = {
  readonly key: string;
  readonly header: Readonly<Record<ReportLanguage, string>>;
  /** UCUM where it is one; '' for plain numbers and texts. */
  readonly unit: string;
  /** Number format of a spreadsheet. */
  readonly format: string;
  /** null = no figure. */
  readonly value: (row: ReportRow, language: ReportLanguage) => ReportCell;
};

const per = (value: number | null, { month: { figure } }: ReportRow): number | null =>
  value === null || figure.sec === null || figure.output === null ? null : value / figure.output;
/** Where nothing was counted at all there may be no counter: no output is then a reason, not a 0. */
const counted = (value: number | null, { figure }: ReportRow['month']): number | null =>
  figure.output === 0 && figure.scrap === 0 ? null : value;
const tonnes = (value: number | null): number | null => (value === null ? null : value / 1000);

const column = (
  key: string,
  [en, zh]: readonly [string, string],
  [unit, format]: readonly [string, string],
  value: ReportColumn['value'],
): ReportColumn => ({ key, header: { en, zh }, unit, format, value });

const TEXT = ['', '@'] as const;
const SHARE = ['', '0.0%'] as const;
const CHANGE = ['', '+0.00%;-0.00%;0.00%'] as const;
const COUNT = ['', '0'] as const;

/** The columns of the table of objects; spreadsheet, CSV and PDF take theirs from here. */
export const reportColumns = [
  column('path', ['path', '路径'], TEXT, ({ object }) => object.path),
  column('name', ['name', '名称'], TEXT, ({ object }, language) => objectName(object, language)),
  column('level', ['level', '层级'], TEXT, ({ object }, language) => reportTexts[language].levels[object.level]),
  column('energy', ['energy', '能耗'], ['kW.h', '#,##0.00'], ({ month }) => month.figure.energyKwh),
  column('output', ['good output', '合格产量'], ['{eq}', '#,##0.00'], ({ month }) =>
    counted(month.figure.output, month),
  ),
  column('scrap', ['scrap', '废品'], ['{eq}', '#,##0.00'], ({ month }) => counted(month.figure.scrap, month)),
  column('sec', ['energy per output', '单位产出能耗'], ['kW.h/{eq}', '0.0000'], ({ month }) => month.figure.sec),
  column('tceCalorific', ['standard coal, calorific', '综合能耗（当量值）'], ['tce', '#,##0.0000'], (row) =>
    tonnes(row.kgceCalorific.value),
  ),
  column('tceEquivalent', ['standard coal, equivalent', '综合能耗（等价值）'], ['tce', '#,##0.0000'], (row) =>
    tonnes(row.kgceEquivalent.value),
  ),
  column(
    'kgceCalorificPer',
    ['standard coal per output, calorific', '单位产出综合能耗（当量值）'],
    ['kgce/{eq}', '0.00000'],
    (row) => per(row.kgceCalorific.value, row),
  ),
  column(
    'kgceEquivalentPer',
    ['standard coal per output, equivalent', '单位产出综合能耗（等价值）'],
    ['kgce/{eq}', '0.00000'],
    (row) => per(row.kgceEquivalent.value, row),
  ),
  column('tCO2', ['carbon dioxide', '二氧化碳排放'], ['t', '#,##0.0000'], (row) => tonnes(row.kgCO2.value)),
  column('idle', ['used while idle', '待机能耗'], ['kW.h', '#,##0.00'], ({ month }) => month.figure.idleKwh),
  column('idleShare', ['idle share', '待机占比'], SHARE, ({ month }) => month.figure.idleShare),
  column(
    'secPrevious',
    ['energy per output, month before', '上月单位产出能耗'],
    ['kW.h/{eq}', '0.0000'],
    ({ previous }) => previous.figure.sec,
  ),
  column('changePrevious', ['change against month before', '环比变化'], CHANGE, (row) => row.changePrevious.value),
  column(
    'secYear',
    ['energy per output, year before', '上年同月单位产出能耗'],
    ['kW.h/{eq}', '0.0000'],
    ({ yearBefore }) => yearBefore.figure.sec,
  ),
  column('changeYear', ['change against year before', '同比变化'], CHANGE, (row) => row.changeYear.value),
  column('coverage', ['coverage', '测量覆盖率'], SHARE, ({ month }) => month.figure.coverage),
  column('estimatedShare', ['estimated share', '估算占比'], SHARE, ({ month }) => month.figure.estimatedShare),
  column('class', ['data class', '数据等级'], TEXT, ({ month }) => month.figure.class),
  column('daysMeasured', ['days with data', '有数据天数'], COUNT, ({ month }) => month.daysMeasured),
  column('days', ['days', '天数'], COUNT, ({ month }) => month.days.length),
  column('unresolved', ['unresolved counter steps', '未解决的计数异常'], COUNT, ({ month }) => month.figure.unresolved),
  column('revisedDays', ['revised days', '修订天数'], COUNT, (row) => row.revisedDays),
  column('revisions', ['revisions', '修订次数'], COUNT, (row) => row.revisions),
  column('quota', ['quota grade', '能耗限额等级'], TEXT, ({ quota }, language) =>
    quota === null || quota.grade === null ? null : reportTexts[language].grades[quota.grade],
  ),
  column('reason', ['why there is no figure', '无数值原因'], TEXT, (row, language) => {
    const reason = row.month.figure.reason ?? row.kgceCalorific.reason ?? row.kgceEquivalent.reason;
    return reason === null ? null : reportTexts[language].reasons[reason];
  }),
] as const;

/** Units as people read them. */
const units: Readonly<Record<string, Readonly<Record<ReportLanguage, string>>>> = {
  'kW.h': { en: 'kWh', zh: 'kWh' },
  '{eq}': { en: 'eq. units', zh: '当量件' },
  'kW.h/{eq}': { en: 'kWh/unit', zh: 'kWh/件' },
  'kgce/{eq}': { en: 'kgce/unit', zh: 'kgce/件' },
};

/** Header of a column with its unit. */
export const headerOf = ({ header, unit }: ReportColumn, language: ReportLanguage): string =>
  unit === '' ? header[language] : `${header[language]} (${units[unit]?.[language] ?? unit})`;
