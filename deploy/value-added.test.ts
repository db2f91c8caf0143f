import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { valueAddedCommand } from './value-added.ts';
import type { CommandContext } from './commands/context.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-value-added-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const head = 'month,nominal,priceIndex,status,source\n';
async function book(csv: string | null, json = true) {
  const out: string[] = [];
  const context = { cwd: folder, stdout: { write: (text: string) => out.push(text) } } as unknown as CommandContext;
  if (csv !== null) await writeFile(join(folder, 'in.csv'), csv);
  await valueAddedCommand(
    csv === null ? undefined : 'in.csv',
    { data: 'data', by: 'accounting', json, logLevel: 'info' },
    context,
  );
  return out.join('');
}

describe('joulegate value-added', () => {
  it('books a CSV file and prints the book', async () => {
    await book(`\uFEFF${head}2026-01,1200.5,101.2,provisional,ledger\n2026-02,1300,101.4,final,"ledger, revised"\n`);
    const entries = JSON.parse(await book(null));
    expect(entries).toMatchObject([
      { month: '2026-01', nominal: 1200.5, status: 'provisional', by: 'accounting' },
      { month: '2026-02', source: 'ledger, revised' },
    ]);
    expect(await book(null, false)).toContain('2026-02  1300 ×10⁴ CNY, index 101.4, final');
  });

  it.each([
    [`${head}2026-01,,101,final,x\n`, /in\.csv:2: .*nothing was booked/],
    [`${head}2026-01,5,101,final,x\n2026-13,5,101,final,x\n`, /in\.csv:3: .*nothing was booked/],
    [`${head}2026-01,many,101,final,x\n`, /in\.csv:2: /],
    ['month,nominal\n2026-01,5\n', /in\.csv:1: column priceIndex, status, source is missing/],
    [head, /has no rows/],
  ])('refuses %j whole, with its line', async (csv, message) => {
    await expect(book(csv)).rejects.toThrow(message);
    await expect(readFile(join(folder, 'data', 'scoring', 'value-added.jsonl'))).rejects.toThrow('ENOENT');
  });
});
