import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ObjectEvaluation } from '../scoring/energy/evaluation.ts';
import { evaluateEnergyCommand } from './evaluate.ts';

const records = join(import.meta.dirname, '../../shared/data');
const factory = join(records, 'sme-manufacturing/sme_company_A_labelled_subset.csv');
const wastewater = join(records, 'wastewater/wwtp_melbourne_daily.csv');
const missing = [factory, wastewater].filter((file) => !existsSync(file));
if (missing.length > 0) {
  console.warn(
    `skipped: ${missing.join(', ')} not here. Origins: HumanCenteredTechnology/SME-Manufacturing-Dataset (commit 0d37af3) and Data-Melbourne_F.csv of ylfoo/datasets (commit d2b22d9).`,
  );
}

async function evaluate(data: string, json: boolean): Promise<string> {
  let text = '';
  await evaluateEnergyCommand(
    { data, json, logLevel: 'warn' },
    {
      version: '0',
      env: {},
      cwd: '/',
      stdout: { write: (part) => (text += part) },
      stderr: { write: () => undefined },
      now: () => 0,
      process,
    },
  );
  return text;
}
const objectsOf = (text: string): ObjectEvaluation[] =>
  (JSON.parse(text) as { readonly objects: ObjectEvaluation[] }).objects;

describe.skipIf(missing.length > 0)('joulegate evaluate energy on real records', () => {
  it('gives the totals of the factory record', async () => {
    const objects = objectsOf(await evaluate(factory, true));
    // Sums of the file's whole kW over 12 rows an hour.
    expect(objects.map(({ object, energyKwh, output, gaps }) => [object, energyKwh.toFixed(3), output, gaps])).toEqual([
      ['asset-0', (8499 / 12).toFixed(3), 12_223, 93],
      ['asset-1', (3983 / 12).toFixed(3), 12_940, 74],
      ['asset-2', (1822 / 12).toFixed(3), 14_904, 74],
    ]);
  });

  it('names the ratio trap of the wastewater record: raw -22.4 %, load-adjusted not proven', async () => {
    const [plant] = objectsOf(await evaluate(wastewater, true));
    expect(((plant?.rawChange ?? 0) * 100).toFixed(1)).toBe('-22.4');
    expect(((plant?.energyChange ?? 0) * 100).toFixed(1)).toBe('-0.6');
    expect(((plant?.outputChange ?? 0) * 100).toFixed(0)).toBe('28');
    expect(plant).toMatchObject({ verdict: 'not-proven', ratioTrap: true });
    expect(plant?.baseline).toMatchObject({ valid: false });
    const page = await evaluate(wastewater, false);
    expect(page).toContain('-22.4 %');
    expect(page).toMatch(/verdict +not proven/);
  });

  it('prints the same bytes for the same file', async () => {
    expect(await evaluate(wastewater, true)).toBe(await evaluate(wastewater, true));
  });
});

describe('joulegate evaluate energy on a file of its own', () => {
  it('proves a saving that is there and leaves unreadable rows out by line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'joulegate-evaluate-'));
    const rows = Array.from({ length: 40 }, (_, index) => {
      const output = 700 + ((index * 37) % 300);
      const date = new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10);
      return `${date},${120 + (index < 20 ? 0.45 : 0.42) * output + (index % 2)},${output}`;
    });
    const file = join(folder, 'plant.csv');
    await writeFile(file, ['date,energy_kwh,output', ...rows, '2026-03-01,,5'].join('\n'));
    const text = await evaluate(file, true);
    expect(objectsOf(text)[0]).toMatchObject({ verdict: 'proven', ratioTrap: false });
    expect((JSON.parse(text) as { refused: string[] }).refused).toEqual(['line 42: energy is missing or no amount']);
    await rm(folder, { recursive: true });
  });

  it('refuses a file whose columns fit no record, naming those that would', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'joulegate-evaluate-'));
    const file = join(folder, 'other.csv');
    await writeFile(file, 'a,b\n1,2\n');
    await expect(evaluate(file, false)).rejects.toThrow(/columns a, b, which fit no known record; known: daily/);
    await rm(folder, { recursive: true });
  });
});
