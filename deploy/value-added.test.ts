import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ValueAddedBook } from '../scoring/store/value-added-book.ts';
import { valueAddedCommand } from './value-added.ts';

const HEADER = 'month,nominal,priceIndex,status,source';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-value-added-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function book(lines: readonly string[]): Promise<string> {
  let text = '';
  await writeFile(join(folder, 'months.csv'), lines.join('\n'));
  await valueAddedCommand(
    'months.csv',
    { data: 'data', by: 'Li Wei', logLevel: 'warn' },
    {
      version: '0',
      env: {},
      cwd: folder,
      stdout: { write: (part) => (text += part) },
      stderr: { write: () => undefined },
      now: () => 1_700_000_000_000,
      process,
    },
  );
  return text;
}
const bookFile = (): string => join(folder, 'data/scoring/value-added.jsonl');

describe('joulegate value-added', () => {
  it('books months with who and when, and a final figure replaces a provisional one', async () => {
    expect(await book([HEADER, '2026-01,820.5,101.2,provisional,flash', '2026-02,790,101.4,final,ledger'])).toContain(
      'booked 2 months',
    );
    await book([HEADER, '2026-01,815,101.3,final,ledger']);
    const kept = new ValueAddedBook(bookFile());
    expect(await kept.all()).toHaveLength(3);
    expect((await kept.current()).get('2026-01')).toEqual({
      month: '2026-01',
      nominal: 815,
      priceIndex: 101.3,
      status: 'final',
      source: 'ledger',
      by: 'Li Wei',
      at: 1_700_000_000_000,
    });
  });

  it('books nothing of a file with a blank amount or a provisional figure after a final one', async () => {
    await book([HEADER, '2026-01,815,101.3,final,ledger']);
    const before = await readFile(bookFile(), 'utf8');
    await expect(book([HEADER, '2026-02,700,101,final,a', '2026-03,,101,final,a'])).rejects.toThrow(
      /months\.csv.*entry 2: \/nominal.*nothing was booked/,
    );
    await expect(book([HEADER, '2026-01,700,101,provisional,a'])).rejects.toThrow(/2026-01 is final already/);
    expect(await readFile(bookFile(), 'utf8')).toBe(before);
  });

  it('names the columns a file lacks', async () => {
    await expect(book(['month,nominal', '2026-01,1'])).rejects.toThrow(/lacks the columns priceIndex, status, source/);
  });
});
