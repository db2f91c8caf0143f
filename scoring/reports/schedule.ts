import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../broker/contract/deps.ts';
import { describeError } from '../../broker/contract/error.ts';
import { renderMonth, type Reporter, type ReportFormat } from './reporter.ts';
import type { ReportLanguage } from './report-text.ts';

export type ReportScheduleOptions = {
  readonly reporter: Reporter;
  /** Folder the files go to; made when it is missing. */
  readonly folder: string;
  readonly formats: readonly ReportFormat[];
  readonly languages: readonly ReportLanguage[];
  readonly font: () => Promise<Uint8Array>;
  readonly log: Logger;
};

const CHECK_MS = 6 * 3_600_000;
/** A start has better things to do. */
const FIRST_MS = 60_000;

/**
 * Writes the report of the last complete month by itself, and once more when late data have changed it: the first eight
 * characters of the data hash are in the file name, so what was signed stays beside what is newer.
 */
export class ReportSchedule implements AsyncDisposable {
  readonly #options: ReportScheduleOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ReportScheduleOptions) {
    this.#options = options;
  }

  /** Looks after a minute and then every six hours. */
  start(): void {
    const look = (): void => {
      this.#running = this.write().catch((error: unknown) =>
        this.#options.log.warn(
          { folder: this.#options.folder, err: describeError(error) },
          'month report could not be written',
        ),
      );
    };
    this.#timers.push(setTimeout(look, FIRST_MS).unref(), setInterval(look, CHECK_MS).unref());
  }

  /** Writes what is not there yet and gives the names of new files. */
  async write(): Promise<readonly string[]> {
    const { reporter, folder, formats, languages, font, log } = this.#options;
    const report = await reporter.read(reporter.lastMonth());
    // A month before the plant had a first value is no report.
    if (report.rows.every(({ month }) => month.daysMeasured === 0)) return [];
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const there = new Set(await readdir(folder));
    const written: string[] = [];
    for (const language of languages) {
      for (const format of formats) {
        const name = `joulegate-${report.month}-${report.hash.slice(0, 8)}.${language}.${format}`;
        if (there.has(name)) continue;
        const draft = join(folder, `.${name}.${randomUUID()}`);
        try {
          await writeFile(draft, await renderMonth(report, { format, language, font }), { mode: 0o600, flush: true });
          await rename(draft, join(folder, name));
        } finally {
          await rm(draft, { force: true });
        }
        written.push(name);
      }
    }
    if (written.length > 0) log.info({ folder, month: report.month, files: written.length }, 'month report written');
    return written;
  }

  /** Waits for a report that is being written. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    await this.#running;
  }
}
