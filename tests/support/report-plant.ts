import { accountRules } from '../../deploy/account-rules.ts';
import { NO_SUMS } from '../../scoring/energy/figure.ts';
import type { EnergyWindow } from '../../scoring/energy/window.ts';
import {
  buildMonthReport,
  type MonthReport,
  type MonthReportInput,
  type ReportObject,
} from '../../scoring/reports/month-report.ts';
import { monthSpan } from '../../scoring/reports/month.ts';

const DAY_MS = 86_400_000;
export const ZONE = 'Asia/Shanghai';

export const objectOf = (path: string, level: ReportObject['level'], zh?: string): ReportObject => ({
  path,
  level,
  name: path.split('/').at(-1) ?? '',
  displayName: zh === undefined ? {} : { zh, en: path },
});

export const reportObjects: readonly ReportObject[] = [
  objectOf('', 'site', '浦东工厂'),
  objectOf('body', 'area', '车身'),
  objectOf('body/press', 'line', '冲压线'),
  objectOf('body/press/p-1', 'equipment', '一号压力机'),
  objectOf('body/press/p-2', 'equipment', '二号压力机'),
];

/** Day windows of a machine and of everything above it; `day` gives energy and pieces, or null for a day without data. */
export function dayWindows(
  path: string,
  level: EnergyWindow['level'],
  month: string,
  day: (index: number) => Partial<EnergyWindow> | null,
): EnergyWindow[] {
  return monthSpan(month, ZONE, 1).days.flatMap(({ start, end }, index) => {
    const members = day(index);
    if (members === null) return [];
    return [
      {
        ...NO_SUMS,
        path,
        level,
        window: '1d',
        start,
        end,
        state: 'final',
        revision: 0,
        runMs: DAY_MS,
        coveredMs: end - start,
        expectedMs: end - start,
        ...members,
      },
    ];
  });
}

/** Amounts with nine decimals, as the ledger has them. */
const nano = (value: number): number => Math.round(value * 1e9) / 1e9;

/** A plant of two presses over October 2026, September 2026 and October 2025. */
export async function reportInput(changes: Partial<MonthReportInput> = {}): Promise<MonthReportInput> {
  const windows: EnergyWindow[] = [];
  for (const [month, scale] of [
    ['2026-10', 0.985],
    ['2026-09', 1],
    ['2025-10', 1.01],
  ] as const) {
    const one = (index: number) => ({
      energyKwh: nano((400.1 + index * 3.7) * scale),
      output: 1000 + index * 11,
      idleKwh: nano(30.123_456_7 * scale),
      scrap: index % 3,
      estimatedKwh: index === 4 ? 12.5 : 0,
      revision: index === 6 ? 2 : 0,
      coveredMs: DAY_MS - (index === 4 ? 3_600_000 : 0),
    });
    const two = (index: number) => ({
      energyKwh: nano((210.7 + index) * scale),
      output: 500 + index * 7,
      idleKwh: 5.5,
    });
    windows.push(...dayWindows('body/press/p-1', 'equipment', month, one));
    windows.push(...dayWindows('body/press/p-2', 'equipment', month, two));
    for (const [path, level] of [
      ['body/press', 'line'],
      ['body', 'area'],
      ['', 'site'],
    ] as const) {
      windows.push(
        ...dayWindows(path, level, month, (index) => {
          const [a, b] = [one(index), two(index)];
          return {
            ...a,
            energyKwh: nano(a.energyKwh + b.energyKwh),
            output: a.output + b.output,
            idleKwh: nano(a.idleKwh + b.idleKwh),
            coveredMs: a.coveredMs + DAY_MS,
            expectedMs: 2 * DAY_MS,
          };
        }),
      );
    }
  }
  const month = monthSpan('2026-10', ZONE, 1);
  const siteDays = windows.filter(({ path }) => path === '');
  const siteHours = siteDays
    .filter(({ start }) => start >= month.from && start < month.to)
    .flatMap((day) =>
      Array.from({ length: 24 }, (_, hour) => ({
        ...day,
        window: '1h' as const,
        start: day.start + hour * 3_600_000,
        end: day.start + (hour + 1) * 3_600_000,
        energyKwh: nano(day.energyKwh / 24),
        idleKwh: nano(day.idleKwh / 24),
      })),
    );
  return {
    enterprise: 'acme',
    site: { name: 'pudong', displayName: { zh: '浦东工厂', en: 'Pudong works' } },
    zone: ZONE,
    month,
    previous: monthSpan('2026-09', ZONE, 1),
    yearBefore: monthSpan('2025-10', ZONE, 1),
    asOf: Date.UTC(2026, 10, 23),
    objects: reportObjects,
    windows,
    siteHours,
    rules: await accountRules(
      {
        electricityEquivalent: { kgcePerKwh: 0.282_32, source: 'DB31/T 552-2017' },
        tariff: { plan: 'shanghai-two-part', flatPriceYuan: 0.7 },
      },
      ZONE,
      'plant.yaml',
    ),
    targets: [
      {
        id: 'shanghai-2017',
        displayName: { zh: '单位产出能耗下降1%~1.5%', en: 'Energy per output −1.0 % to −1.5 %' },
        path: '',
        basePeriod: { from: '2026-09-01', to: '2026-09-30' },
        reductions: [0.01, 0.015],
        days: siteDays
          .filter(({ start }) => start >= Date.UTC(2026, 7, 31))
          .sort((a, b) => a.start - b.start)
          .map((row) => ({ day: new Date(row.start + 8 * 3_600_000).toISOString().slice(0, 10), row })),
        founding: null,
      },
    ],
    valueAdded: new Map([
      ['2026-10', { nominal: 812.5, priceIndex: 101.2, status: 'final', source: 'ledger 10' }],
      ['2025-10', { nominal: 800, priceIndex: 100, status: 'final', source: 'ledger 10/2025' }],
    ]),
    quotas: [
      { path: 'body/press', basis: 'calorific', advanced: 0.04, access: 0.06, limit: 0.08, source: 'Q/ACME 12-2026' },
    ],
    ...changes,
  };
}

export const sampleReport = async (changes: Partial<MonthReportInput> = {}): Promise<MonthReport> =>
  buildMonthReport(await reportInput(changes));
