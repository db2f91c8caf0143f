import type { LocalText } from '../../broker/contract/plant.ts';
import type { TariffLevel } from '../energy/tariff.ts';
import type { TargetVerdict } from '../energy/target.ts';
import type { EquipmentLevel } from '../energy/window.ts';
import type { ReportObject, ReportReason } from './month-report.ts';

export const reportLanguages = ['zh', 'en'] as const;
export type ReportLanguage = (typeof reportLanguages)[number];

type Texts = {
  readonly title: string;
  readonly sheets: Readonly<Record<'summary' | 'target' | 'factors' | 'raw' | 'signOff', string>>;
  readonly site: string;
  readonly month: string;
  readonly period: string;
  readonly zone: string;
  readonly state: string;
  readonly states: Readonly<Record<'final' | 'provisional' | 'open' | 'missing', string>>;
  readonly hash: string;
  readonly noFigure: string;
  readonly levels: Readonly<Record<EquipmentLevel, string>>;
  readonly reasons: Readonly<Record<ReportReason, string>>;
  readonly residual: string;
  readonly keyFigures: string;
  readonly byObject: string;
  readonly targets: string;
  readonly target: Readonly<
    Record<
      | 'object'
      | 'base'
      | 'raw'
      | 'adjusted'
      | 'load'
      | 'uncertainty'
      | 'promise'
      | 'officially'
      | 'byLoad'
      | 'monthOnly'
      | 'toDate',
      string
    >
  >;
  readonly verdicts: Readonly<Record<TargetVerdict, string>>;
  readonly noTargets: string;
  readonly tariff: string;
  readonly tariffParts: Readonly<Record<'level' | 'energy' | 'cost' | 'total' | 'idle' | 'estimated', string>>;
  readonly tariffLevels: Readonly<Record<TariffLevel, string>>;
  readonly intensity: string;
  readonly intensityChange: string;
  readonly valueAdded: string;
  readonly bases: Readonly<Record<'calorific' | 'equivalent', string>>;
  readonly factors: string;
  readonly factor: Readonly<
    Record<'quantity' | 'basis' | 'value' | 'set' | 'edition' | 'region' | 'valid' | 'source', string>
  >;
  readonly notes: string;
  readonly noNotes: string;
  /** What to do where a factor is missing. */
  readonly factorRemedy: string;
  /** Narrow headers of the printed table. */
  readonly narrow: Readonly<Record<'coverage' | 'class', string>>;
  readonly revised: (days: number, revisions: number) => string;
  readonly missingDays: (missing: number, days: number) => string;
  readonly quota: (grade: string, value: string, source: string) => string;
  readonly grades: Readonly<Record<'1' | '2' | '3' | 'over', string>>;
  readonly unshown: (codes: string) => string;
  readonly signOff: string;
  readonly signOffColumns: readonly [string, string, string, string];
  readonly signOffRoles: readonly string[];
  readonly statement: string;
  readonly rawNote: string;
  readonly page: (page: number, pages: number) => string;
  readonly rawHeaders: readonly string[];
  readonly rawPeriods: Readonly<Record<'month' | 'previous' | 'yearBefore', string>>;
};

const en: Texts = {
  title: 'Monthly energy report',
  sheets: { summary: 'Summary', target: 'Target', factors: 'Factors', raw: 'Raw', signOff: 'Sign-off' },
  site: 'Site',
  month: 'Month',
  period: 'Period',
  zone: 'Time zone',
  state: 'State',
  states: { final: 'final', provisional: 'provisional', open: 'open', missing: 'missing' },
  hash: 'Data hash (SHA-256)',
  noFigure: 'no figure',
  levels: { site: 'site', area: 'area', line: 'line', equipment: 'machine' },
  reasons: {
    'no-output': 'no output',
    'no-energy': 'output without energy: check the meter',
    'low-coverage': 'less than 80 % measured',
    'no-data': 'nothing measured',
    'no-factor': 'no conversion factor on this basis',
    'no-base': 'no base figure to compare with',
    'no-value-added': 'no value added booked for this month',
  },
  residual: 'Residual (site less its areas)',
  keyFigures: 'Site',
  byObject: 'By area, line and machine',
  targets: 'Promised falls of energy per output',
  target: {
    object: 'object',
    base: 'base period',
    raw: 'raw change',
    adjusted: 'load-adjusted change',
    load: 'effect of load',
    uncertainty: '± (90 %)',
    promise: 'promised fall',
    officially: 'by ratio',
    byLoad: 'load-adjusted',
    monthOnly: 'this month',
    toDate: 'since the base period',
  },
  verdicts: {
    met: 'met',
    'not-met': 'not met',
    'not-distinguishable': 'not distinguishable',
    'no-figure': 'no figure',
  },
  noTargets: 'No target is configured.',
  tariff: 'Electricity by tariff period (site)',
  tariffParts: {
    level: 'period',
    energy: 'kWh',
    cost: 'yuan',
    total: 'total',
    idle: 'of it while idle',
    estimated: 'Hours cross an edge of the tariff; the split is an estimate.',
  },
  tariffLevels: { sharp: 'sharp', peak: 'peak', flat: 'flat', valley: 'valley', 'deep-valley': 'deep valley' },
  intensity: 'Energy per value added',
  intensityChange: 'change against the same month of last year',
  valueAdded: 'Value added',
  bases: { calorific: 'calorific', equivalent: 'equivalent' },
  factors: 'Conversion factors',
  factor: {
    quantity: 'gives',
    basis: 'basis',
    value: 'per kWh',
    set: 'factor set',
    edition: 'edition',
    region: 'region',
    valid: 'valid',
    source: 'source',
  },
  notes: 'Data quality',
  noNotes: 'All figures rest on complete data.',
  factorRemedy:
    'For the equivalent basis set scoring.energy.electricityEquivalent with its source, for carbon add a factor set that is valid in this month.',
  narrow: { coverage: 'cov. %', class: 'class' },
  revised: (days, revisions) => `days revised by late data: ${days}, revisions: ${revisions}`,
  missingDays: (missing, days) => `days without data: ${missing} of ${days}`,
  quota: (grade, value, source) => `quota ${grade}: ${value} kgce per unit (${source})`,
  grades: { '1': 'grade 1', '2': 'grade 2', '3': 'grade 3', over: 'over the limit' },
  unshown: (codes) => `Characters the report font lacks are shown as 〓: ${codes}`,
  signOff: 'Sign-off',
  signOffColumns: ['Role', 'Name', 'Signature', 'Date'],
  signOffRoles: ['Prepared by', 'Checked by', 'Approved by'],
  statement:
    'The figures above are recalculated from the raw data by formulas; the data hash identifies data, factors and rules they were made from.',
  rawNote: 'One row per object and local day. An empty cell was not measured; it is not 0.',
  page: (page, pages) => `page ${page} of ${pages}`,
  rawHeaders: [
    'period',
    'path',
    'day',
    'energy (kWh)',
    'idle (kWh)',
    'estimated (kWh)',
    'output (eq. units)',
    'scrap (eq. units)',
    'measured (s)',
    'to be measured (s)',
    'longest gap (s)',
    'unresolved',
    'revision',
    'state',
    'kgce/kWh calorific',
    'kgce/kWh equivalent',
    'kg CO₂/kWh',
  ],
  rawPeriods: { month: 'month', previous: 'month before', yearBefore: 'year before' },
};

const zh: Texts = {
  title: '能源月报',
  sheets: { summary: '月报', target: '目标', factors: '折标系数', raw: '原始数据', signOff: '签署' },
  site: '厂区',
  month: '月份',
  period: '统计期',
  zone: '时区',
  state: '状态',
  states: { final: '最终', provisional: '暂定', open: '未结', missing: '缺失' },
  hash: '数据校验值（SHA-256）',
  noFigure: '无数值',
  levels: { site: '厂区', area: '区域', line: '产线', equipment: '设备' },
  reasons: {
    'no-output': '无产量',
    'no-energy': '有产量无能耗：请检查电表',
    'low-coverage': '测量覆盖率低于80%',
    'no-data': '无测量数据',
    'no-factor': '缺少该口径的折标系数',
    'no-base': '无可比基期数值',
    'no-value-added': '本月未登记工业增加值',
  },
  residual: '未分摊差额（厂区减各区域）',
  keyFigures: '厂区',
  byObject: '按区域、产线与设备',
  targets: '单位产出能耗下降目标',
  target: {
    object: '对象',
    base: '基期',
    raw: '原始变化',
    adjusted: '负荷修正后变化',
    load: '负荷影响',
    uncertainty: '±（90%）',
    promise: '目标降幅',
    officially: '按比值',
    byLoad: '按负荷修正',
    monthOnly: '本月',
    toDate: '基期以来',
  },
  verdicts: { met: '达标', 'not-met': '未达标', 'not-distinguishable': '无法区分', 'no-figure': '无数值' },
  noTargets: '未配置目标。',
  tariff: '分时电量（厂区）',
  tariffParts: {
    level: '时段',
    energy: '电量 kWh',
    cost: '电费 元',
    total: '合计',
    idle: '其中待机',
    estimated: '部分小时跨越时段边界，拆分为估算。',
  },
  tariffLevels: { sharp: '尖', peak: '峰', flat: '平', valley: '谷', 'deep-valley': '深谷' },
  intensity: '单位增加值能耗',
  intensityChange: '同比变化',
  valueAdded: '工业增加值',
  bases: { calorific: '当量值', equivalent: '等价值' },
  factors: '折标系数',
  factor: {
    quantity: '折算为',
    basis: '口径',
    value: '每千瓦时',
    set: '系数集',
    edition: '版本',
    region: '地区',
    valid: '有效期',
    source: '来源',
  },
  notes: '数据质量',
  noNotes: '全部数值基于完整数据。',
  factorRemedy: '等价值口径请设置 scoring.energy.electricityEquivalent 并注明来源；碳排放请添加本月有效的系数集。',
  narrow: { coverage: '覆盖%', class: '等级' },
  revised: (days, revisions) => `${days} 天因迟到数据修订，共 ${revisions} 次`,
  missingDays: (missing, days) => `${days} 天中有 ${missing} 天无数据`,
  quota: (grade, value, source) => `能耗限额${grade}：${value} kgce/单位（${source}）`,
  grades: { '1': '1级（先进值）', '2': '2级（准入值）', '3': '3级（限定值）', over: '超限定值' },
  unshown: (codes) => `报表字体缺少的字符以〓显示：${codes}`,
  signOff: '签署',
  signOffColumns: ['职责', '姓名', '签字', '日期'],
  signOffRoles: ['编制', '审核', '批准'],
  statement: '以上数值可由原始数据按公式重新计算；数据校验值对应其所用的数据、系数与规则。',
  rawNote: '每个对象每个当地日一行。空单元格表示未测量，不是0。',
  page: (page, pages) => `第 ${page} 页，共 ${pages} 页`,
  rawHeaders: [
    '期间',
    '路径',
    '日期',
    '能耗 (kWh)',
    '待机 (kWh)',
    '估算 (kWh)',
    '产量 (当量件)',
    '废品 (当量件)',
    '已测量 (s)',
    '应测量 (s)',
    '最长缺口 (s)',
    '未解决',
    '修订号',
    '状态',
    'kgce/kWh 当量值',
    'kgce/kWh 等价值',
    'kg CO₂/kWh',
  ],
  rawPeriods: { month: '本月', previous: '上月', yearBefore: '上年同月' },
};

/** Everything a report says, in both languages. */
export const reportTexts: Readonly<Record<ReportLanguage, Texts>> = { en, zh };

/** The name of a person's language, or the other one, or the plain one. */
export const localName = ({ en: english, zh: chinese }: LocalText, name: string, language: ReportLanguage): string =>
  cleanText((language === 'zh' ? chinese || english : english || chinese) || name);

/** Name of an object as its report shows it. */
export const objectName = ({ displayName, name }: ReportObject, language: ReportLanguage): string =>
  localName(displayName, name, language);

/** Without control characters and marks that turn the direction of writing, by which a name could disguise another. */
export const cleanText = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu, ' ')
    .replaceAll(/[\uD800-\uDFFF]/gu, '\uFFFD');
