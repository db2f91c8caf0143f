import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { readXlsx } from 'hucre/xlsx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasProgram } from '../../tests/support/programs.ts';
import { objectOf, reportInput, sampleReport } from '../../tests/support/report-plant.ts';
import { headerOf, reportColumns } from './columns.ts';
import { buildMonthReport, type MonthReport } from './month-report.ts';
import { renderMonthXlsx } from './month-xlsx.ts';

const run = promisify(execFile);
const hasOffice = hasProgram('soffice', 'libreoffice-calc-nogui');
const HOSTILE = [
  '=HYPERLINK("http://x","y")',
  '+1+1',
  '-2+3',
  '@SUM(1)',
  "=cmd|' /C calc'!A0",
  '<script>alert(1)</script>',
  'a\u202Egnp.exe',
  '长'.repeat(500),
  '\u0000\u0007bell',
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-xlsx-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The workbook with every remembered result taken out, so that what is read was calculated. */
function withoutResults(file: Uint8Array): { readonly file: Uint8Array; readonly formulas: number } {
  const parts = unzipSync(file);
  let formulas = 0;
  for (const [name, bytes] of Object.entries(parts)) {
    if (!/worksheets\/sheet\d+\.xml$/.test(name)) continue;
    const text = strFromU8(bytes).replaceAll(/(<f>[^<]*<\/f>)<v>[^<]*<\/v>/g, (_match, formula: string) => {
      formulas += 1;
      return formula;
    });
    parts[name] = strToU8(text);
  }
  return { file: zipSync(parts), formulas };
}

/** Every sheet as LibreOffice calculates it, by name. */
async function recalculated(file: Uint8Array, name: string): Promise<ReadonlyMap<string, string[][]>> {
  const out = join(folder, name);
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'book.xlsx'), file);
  // -1 as last token: every sheet into a file of its own; cells as they are, not as they are shown.
  const filter = 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1';
  await run(
    'soffice',
    [
      `-env:UserInstallation=file://${folder}/profile`,
      '--headless',
      '--convert-to',
      filter,
      '--outdir',
      out,
      join(out, 'book.xlsx'),
    ],
    { timeout: 120_000 },
  );
  const sheets = new Map<string, string[][]>();
  for (const part of await readdir(out)) {
    const sheet = /^book-(.*)\.csv$/.exec(part)?.[1];
    if (sheet !== undefined)
      sheets.set(sheet, parse(await readFile(join(out, part), 'utf8'), { relax_column_count: true }));
  }
  return sheets;
}

const numberOf = (text: string): number => (text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text));

/** Cells of the summary that do not show what the report holds, in words. */
function differences(report: MonthReport, rows: readonly string[][], language: 'zh' | 'en'): string[] {
  const header = rows.findIndex((row) => row[0] === headerOf(reportColumns[0], language));
  return report.rows.flatMap((row, index) =>
    reportColumns.flatMap((column, position) => {
      const text = rows[header + 1 + index]?.[position] ?? '';
      const value = column.value(row, language);
      return shows(text, value)
        ? []
        : [`${row.object.path} ${column.key}: ${JSON.stringify(value)} is shown as "${text}"`];
    }),
  );
}

function shows(text: string, value: string | number | null): boolean {
  if (value === null) return ['', '无数值', 'no figure'].includes(text);
  if (typeof value === 'string') return text === value;
  return text !== '' && Math.abs(numberOf(text) - value) <= 1e-12 * Math.max(1, Math.abs(value));
}

describe.skipIf(!hasOffice)('the workbook recalculated by LibreOffice', () => {
  it.each(['zh', 'en'] as const)('gives the same figures from its formulas (%s)', async (language) => {
    const report = await sampleReport();
    const { file, formulas } = withoutResults(await renderMonthXlsx(report, language));
    expect(formulas).toBeGreaterThan(100);
    const sheets = await recalculated(file, language);
    expect([...sheets.keys()].sort()).toEqual(
      (language === 'zh'
        ? ['月报', '目标', '折标系数', '原始数据', '签署']
        : ['Summary', 'Target', 'Factors', 'Raw', 'Sign-off']
      ).sort(),
    );
    expect(differences(report, sheets.get(language === 'zh' ? '月报' : 'Summary') ?? [], language)).toEqual([]);
    const target = sheets.get(language === 'zh' ? '目标' : 'Target') ?? [];
    const intensity = target.filter((row) => row[2] === 'tce/10⁴ CNY').map((row) => numberOf(row[1] ?? ''));
    expect(intensity[0]).toBeCloseTo(report.intensity.calorific.value.value ?? 0, 12);
    expect(intensity[1]).toBeCloseTo(report.intensity.equivalent.value.value ?? 0, 12);
    const total = (sheets.get(language === 'zh' ? '折标系数' : 'Factors') ?? []).find(([label]) =>
      ['合计', 'total'].includes(label ?? ''),
    );
    expect(numberOf(total?.[2] ?? '')).toBeCloseTo(report.tariff?.cost ?? 0, 6);
  });

  it('says no figure where data are missing, and calculates the rest', async () => {
    const input = await reportInput();
    const first = input.month.from;
    const report = buildMonthReport({
      ...input,
      windows: input.windows.filter(
        ({ path, start }) =>
          !(path === 'body/press/p-2' && start >= first + 5 * 86_400_000) &&
          !(path === 'body/press/p-1' && start >= first && start < first + 2 * 86_400_000),
      ),
    });
    const sheets = await recalculated(withoutResults(await renderMonthXlsx(report, 'zh')).file, 'missing');
    const rows = sheets.get('月报') ?? [];
    expect(differences(report, rows, 'zh')).toEqual([]);
    const row = rows.find(([path]) => path === 'body/press/p-2') ?? [];
    expect(row[reportColumns.findIndex(({ key }) => key === 'sec')]).toBe('无数值');
    expect(row.at(-1)).toBe('测量覆盖率低于80%');
  });

  it('calculates no formula out of a name', async () => {
    const input = await reportInput();
    const objects = HOSTILE.map((zh, index) => ({
      ...objectOf(`body/press/p-${index + 1}`, 'equipment'),
      displayName: { zh },
    }));
    const report = buildMonthReport({ ...input, objects: [...input.objects.slice(0, 3), ...objects] });
    const sheets = await recalculated(await renderMonthXlsx(report, 'zh'), 'hostile');
    const names = (sheets.get('月报') ?? []).slice(10).map((row) => row[1] ?? '');
    expect(names.slice(0, 6)).toEqual(HOSTILE.slice(0, 6));
    expect(names[6]).toBe('a gnp.exe');
    expect(names[7]).toHaveLength(500);
  });
});

describe('the workbook', () => {
  it('has the same bytes for the same report', async () => {
    const [one, other] = [
      await renderMonthXlsx(await sampleReport(), 'zh'),
      await renderMonthXlsx(await sampleReport(), 'zh'),
    ];
    expect(Buffer.compare(one, other)).toBe(0);
  });

  it('remembers results beside its formulas for viewers that do not calculate', async () => {
    const report = await sampleReport();
    const book = await readXlsx(await renderMonthXlsx(report, 'en'));
    const energy = book.sheets[0]?.rows[7]?.[reportColumns.findIndex(({ key }) => key === 'energy')];
    expect(energy).toBe(report.rows[0]?.month.figure.energyKwh);
  });

  it('holds every name as text, whatever it begins with', async () => {
    const input = await reportInput();
    const objects = HOSTILE.map((zh, index) => ({ ...objectOf(`=p-${index}`, 'area'), displayName: { zh } }));
    const file = unzipSync(
      await renderMonthXlsx(buildMonthReport({ ...input, objects: [...input.objects.slice(0, 1), ...objects] }), 'zh'),
    );
    const formulas = Object.entries(file)
      .filter(([name]) => name.includes('worksheets/'))
      .flatMap(([, bytes]) => [...strFromU8(bytes).matchAll(/<f>([^<]*)<\/f>/g)].map(([, formula = '']) => formula));
    expect(formulas.filter((formula) => /HYPERLINK|cmd|script|@SUM/i.test(formula))).toEqual([]);
  });
});
