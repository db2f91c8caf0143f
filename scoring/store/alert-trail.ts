import { createHash } from 'node:crypto';
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import {
  chainEntry,
  verifyTrail,
  type AuditChange,
  type AuditEntry,
  type TrailHead,
  type TrailVerdict,
} from '../security/audit-trail.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * The audit trail of alerts on disk: JSON lines that only grow, and its head in a file beside it. A trail that does
 * not hold is never mended: it stays as it was found and new entries follow its last readable line.
 */
export class AlertTrail {
  readonly #file: string;
  #last: TrailHead | null;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(file: string, last: TrailHead | null) {
    this.#file = file;
    this.#last = last;
  }

  /** @throws JoulegateError STORE_FAILED when the file cannot be read. */
  static async open(file: string): Promise<AlertTrail> {
    const lines = await readLines(file);
    const head = await readHead(file);
    // A cut-off trail goes on after its head, so that the gap stays visible for ever.
    const last = lines.entries.at(-1) ?? null;
    return new AlertTrail(file, head !== null && head.sequence > (last?.sequence ?? 0) ? head : last);
  }

  /** Durable when it resolves. @throws JoulegateError STORE_FAILED; then nothing was added. */
  append(change: AuditChange): Promise<AuditEntry> {
    const mine = this.#writing.then(async () => {
      const entry = chainEntry(this.#last, change, sha256);
      try {
        await appendFile(this.#file, `${JSON.stringify(entry)}\n`, { mode: 0o600, flush: true });
        this.#last = entry;
        const { sequence, hash } = entry;
        await writeFile(`${this.#file}.head.new`, JSON.stringify({ sequence, hash }), { mode: 0o600 });
        await rename(`${this.#file}.head.new`, `${this.#file}.head`);
      } catch (error) {
        throw new JoulegateError('STORE_FAILED', `${this.#file} cannot be written: ${describeError(error)}`, {
          cause: error,
        });
      }
      return entry;
    });
    this.#writing = mine.catch(() => undefined);
    return mine;
  }

  /** Every entry, oldest first, and whether the trail holds. @throws JoulegateError STORE_FAILED. */
  async read(): Promise<{ readonly entries: readonly AuditEntry[]; readonly verdict: TrailVerdict }> {
    await this.#writing;
    const { entries, damaged } = await readLines(this.#file);
    if (damaged !== null) {
      return { entries, verdict: { holds: false, sequence: damaged, reason: `line ${damaged} is no entry` } };
    }
    return { entries, verdict: verifyTrail(entries, sha256, await readHead(this.#file)) };
  }
}

/** Entries that can be read, and the number of the first line that cannot. */
async function readLines(file: string): Promise<{ readonly entries: AuditEntry[]; readonly damaged: number | null }> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new JoulegateError('STORE_FAILED', `${file} cannot be read: ${error.message}`, { cause: error });
  });
  const entries: AuditEntry[] = [];
  let damaged: number | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const entry = parse(line);
    if (entry === null) damaged ??= index + 1;
    else entries.push(entry);
  }
  return { entries, damaged };
}

async function readHead(file: string): Promise<TrailHead | null> {
  const text = await readFile(`${file}.head`, 'utf8').catch(() => null);
  const head = text === null ? null : (parse(text) as TrailHead | null);
  return head;
}

function parse(text: string): AuditEntry | null {
  try {
    const value: unknown = JSON.parse(text);
    const known = typeof value === 'object' && value !== null && 'sequence' in value && 'hash' in value;
    return known ? (value as AuditEntry) : null;
  } catch {
    return null;
  }
}
