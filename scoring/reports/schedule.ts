import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../broker/contract/deps.ts';
import { describeError } from '../../broker/contract/error.ts';
import type { ReportForm, ReportFormat } from './render.ts';
import type { Reporter } from './reporter.ts';
import type { ReportLanguage } from './report-text.ts';

export type ReportScheduleOptions = {
  readonly reporter: Reporter;
  /** Folder the files go to; made when it is missing. */
  readonly folder: string;
  readonly formats: readonly ReportFormat[];
  readonly languages: readonly ReportLanguage[];
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
    const { reporter, folder, formats, languages, log } = this.#options;
    const month = reporter.lastMonth();
    const { hash, daysMeasured } = await reporter.renderAll(month, []);
    // A month before the plant had a first value is no report.
    if (daysMeasured === 0) return [];
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const there = new Set(await readdir(folder));
    const nameOf = (data: string, { language, format }: ReportForm): string =>
      `joulegate-${month}-${data.slice(0, 8)}.${language}.${format}`;
    const missing = languages
      .flatMap((language) => formats.map((format) => ({ language, format })))
      .filter((form) => !there.has(nameOf(hash, form)));
    if (missing.length === 0) return [];
    const made = await reporter.renderAll(month, missing);
    const written: string[] = [];
    for (const [index, form] of missing.entries()) {
      const name = nameOf(made.hash, form);
      const draft = join(folder, `.${name}.${randomUUID()}`);
      try {
        await writeFile(draft, made.bodies[index] ?? '', { mode: 0o600, flush: true });
        await rename(draft, join(folder, name));
      } finally {
        await rm(draft, { force: true });
      }
      written.push(name);
    }
    log.info({ folder, month, files: written.length }, 'month report written');
    return written;
  }

  /** Waits for a report that is being written. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    await this.#running;
  }
}
