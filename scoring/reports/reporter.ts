import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import type { LocalText } from '../../broker/contract/plant.ts';
import type { TargetSection } from '../config.ts';
import type { AccountRules } from '../energy/account.ts';
import { localDate, localDateStart } from '../energy/local-day.ts';
import type { TargetInput } from '../energy/target-report.ts';
import type { EnergyWindow } from '../energy/window.ts';
import type { MetricStore } from '../store/metric-store.ts';
import type { ValueAddedBook } from '../store/value-added-book.ts';
import type { MonthReportInput, ReportObject } from './month-report.ts';
import { monthAt, monthSpan, shiftMonth } from './month.ts';
import type { QuotaRule } from './quota.ts';
import type { ReportForm, ReportFormat } from './render.ts';
import type { ReportResult, ReportWork } from './report-worker.ts';

export const reportMediaTypes: Readonly<Record<ReportFormat, string>> = {
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pdf: 'application/pdf',
  csv: 'text/csv; charset=utf-8',
};

export type ReporterOptions = {
  readonly store: Pick<MetricStore, 'readAllWindows' | 'readWindows'>;
  readonly site: {
    readonly enterprise: string;
    readonly name: string;
    readonly displayName: LocalText;
    readonly timezone: string;
  };
  /** Objects with their names; what only the store knows is added by its path. */
  readonly objects: () => readonly ReportObject[];
  readonly targets: readonly TargetSection[];
  readonly accounts: AccountRules;
  readonly quotas: readonly QuotaRule[];
  readonly valueAdded: Pick<ValueAddedBook, 'current'>;
  /** TrueType font of the PDF. */
  readonly font: () => Promise<Uint8Array>;
  /** Epoch ms. */
  readonly now: () => number;
};

export type RenderedReport = {
  readonly body: Uint8Array;
  /** Of the data it is made from. */
  readonly hash: string;
  readonly mediaType: string;
  readonly fileName: string;
};

export type ReportRequest = ReportForm & { readonly month: string };

/** Reads and renders month reports. */
export type Reporter = {
  /** The last month that is over. */
  readonly lastMonth: () => string;
  /** What a report is made from. @throws JoulegateError QUERY_INVALID for a month that is none or has not begun, STORE_FAILED. */
  readonly read: (month: string) => Promise<MonthReportInput>;
  /** @throws JoulegateError as `read`. */
  readonly render: (request: ReportRequest) => Promise<RenderedReport>;
  /** One month in several forms, of one reading. Without forms: only the hash and how many days have data. */
  readonly renderAll: (month: string, forms: readonly ReportForm[]) => Promise<ReportResult>;
};

/** Reports are made one after the other: a large one takes memory and seconds of a processor. */
export function createReporter(options: ReporterOptions): Reporter {
  let last: Promise<unknown> = Promise.resolve();
  const { timezone } = options.site;
  const { meterReadingDay } = options.accounts.calendar;
  const renderAll: Reporter['renderAll'] = (month, forms) => {
    const mine = last.then(async () => {
      const font = forms.some(({ format }) => format === 'pdf') ? await options.font() : null;
      return work({ input: await readMonth(options, month), forms, font });
    });
    last = mine.catch(() => undefined);
    return mine;
  };
  return {
    lastMonth: () => shiftMonth(monthAt(options.now(), timezone, meterReadingDay), -1),
    read: (month) => readMonth(options, month),
    renderAll,
    render: async ({ month, format, language }) => {
      const { bodies, hash } = await renderAll(month, [{ format, language }]);
      return {
        body: bodies[0] ?? new Uint8Array(),
        hash,
        mediaType: reportMediaTypes[format],
        fileName: `joulegate-${month}.${language}.${format}`,
      };
    },
  };
}

/** Makes and renders a report beside the event loop, which goes on serving values meanwhile. */
async function work(job: ReportWork): Promise<ReportResult> {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./report-worker.${ending}`, import.meta.url), { workerData: job });
  try {
    const [result] = (await once(worker, 'message')) as [ReportResult];
    return result;
  } catch (error) {
    throw new JoulegateError('INTERNAL', `the month report could not be drawn: ${describeError(error)}`, {
      cause: error,
    });
  } finally {
    await worker.terminate();
  }
}

async function readMonth(options: ReporterOptions, asked: string): Promise<MonthReportInput> {
  const { store, site, accounts } = options;
  const zone = site.timezone;
  const spanOf = (name: string) => monthSpan(name, zone, accounts.calendar.meterReadingDay);
  const month = spanOf(asked);
  const previous = spanOf(shiftMonth(asked, -1));
  const yearBefore = spanOf(shiftMonth(asked, -12));
  const asOf = options.now();
  if (month.from > asOf) {
    throw new JoulegateError(
      'QUERY_INVALID',
      `month ${asked} has not begun; the last complete one is ${shiftMonth(monthAt(asOf, zone, accounts.calendar.meterReadingDay), -1)}`,
    );
  }
  const windows: EnergyWindow[] = [];
  for (const { from, to } of [month, previous, yearBefore])
    windows.push(...(await store.readAllWindows({ window: '1d', from, to })));
  return {
    enterprise: site.enterprise,
    site: { name: site.name, displayName: site.displayName },
    zone,
    month,
    previous,
    yearBefore,
    asOf,
    objects: allObjects(options, windows),
    windows,
    siteHours: await store.readWindows({ path: '', window: '1h', from: month.from, to: month.to }),
    rules: accounts,
    targets: await Promise.all(options.targets.map((target) => targetInput(target, options, month.to))),
    valueAdded: await options.valueAdded.current(),
    quotas: options.quotas,
  };
}

async function targetInput(
  { id, displayName, path, basePeriod, reductions, plan }: TargetSection,
  { store, site }: ReporterOptions,
  to: number,
): Promise<TargetInput> {
  const from = localDateStart(basePeriod.from, site.timezone) ?? 0;
  const rows = from < to ? await store.readWindows({ path, window: '1d', from, to }) : [];
  return {
    id,
    displayName: displayName ?? {},
    path,
    basePeriod,
    reductions,
    days: rows
      .filter(({ state }) => state === 'final')
      .map((row) => ({ day: localDate(row.start, site.timezone), row })),
    ...(plan === undefined ? {} : { plan }),
    founding: null,
  };
}

/** Depth first: an object stands right before what lies below it. */
function allObjects({ objects, site }: ReporterOptions, windows: readonly EnergyWindow[]): ReportObject[] {
  const known = new Map<string, ReportObject>();
  known.set('', { path: '', level: 'site', name: site.name, displayName: site.displayName });
  for (const { path, level } of windows)
    if (path !== '') known.set(path, { path, level, name: path.split('/').at(-1) ?? path, displayName: {} });
  for (const { path, level, name, displayName } of objects())
    if (path !== '') known.set(path, { path, level, name, displayName });
  return [...known.values()].sort((a, b) => comparePaths(a.path, b.path));
}

function comparePaths(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [one = '', other = ''] = [left[index], right[index]];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
