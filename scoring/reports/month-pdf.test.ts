import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadReportFont } from '../../seeds/load-font.ts';
import { hasProgram } from '../../tests/support/programs.ts';
import { objectOf, reportInput, sampleReport } from '../../tests/support/report-plant.ts';
import { renderMonthPdf } from './month-pdf.ts';
import { buildMonthReport } from './month-report.ts';

const run = promisify(execFile);
const hasPoppler = hasProgram('pdftotext', 'poppler-utils');
let folder: string;
let font: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-pdf-'));
  font = await loadReportFont();
});
afterAll(() => rm(folder, { recursive: true }));

async function saved(pdf: Uint8Array, name: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, pdf);
  return file;
}
const textOf = async (file: string): Promise<string> => (await run('pdftotext', ['-layout', file, '-'])).stdout;

/** Share of pixels of a page that are not white. */
async function inkOf(file: string): Promise<number> {
  await run('pdftoppm', ['-r', '50', '-gray', '-f', '1', '-l', '1', file, join(folder, 'page')]);
  const image = await readFile(join(folder, 'page-1.pgm'));
  const head = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(image.subarray(0, 64).toString('latin1'));
  const pixels = image.subarray(head?.[0].length ?? 0);
  return pixels.filter((value) => value < 128).length / pixels.length;
}

describe.skipIf(!hasPoppler)('the report on paper', () => {
  it('carries its Chinese text and its font inside', async () => {
    const file = await saved(await renderMonthPdf(await sampleReport(), 'zh', font), 'zh.pdf');
    const text = await textOf(file);
    expect(
      [
        '能源月报 2026-10',
        '综合能耗（当量值）',
        '综合能耗（等价值）',
        '一号压力机',
        '负荷修正后变化',
        '达标',
        '编制',
        '审核',
        '批准',
        'GB/T 2589-2020 综合能耗计算通则',
        'DB31/T 552-2017',
      ].filter((phrase) => !text.includes(phrase)),
    ).toEqual([]);
    expect(text).not.toContain('〓');
    const fonts = (await run('pdffonts', [file])).stdout.trim().split('\n').slice(2);
    expect(fonts).toHaveLength(1);
    expect(fonts[0]).toMatch(/NotoSansSC.*CID TrueType\s+Identity-H\s+yes yes yes/);
    expect(await inkOf(file)).toBeGreaterThan(0.003);
  });

  it('is written in English too', async () => {
    const text = await textOf(await saved(await renderMonthPdf(await sampleReport(), 'en', font), 'en.pdf'));
    expect(
      ['Monthly energy report 2026-10', 'load-adjusted', 'Prepared by', 'Approved by', 'page 1 of'].filter(
        (phrase) => !text.includes(phrase),
      ),
    ).toEqual([]);
  });

  it('says why there is no figure, and shows characters it lacks as 〓 with their code', async () => {
    const input = await reportInput();
    const objects = [
      ...input.objects.slice(0, 3),
      { ...objectOf('body/press/p-1', 'equipment'), displayName: { zh: '\u{20BB7}野家😀=1+1' } },
      { ...objectOf('body/press/p-9', 'equipment'), displayName: { zh: '很'.repeat(500) } },
    ];
    const report = buildMonthReport({ ...input, objects, rules: { ...input.rules, electricityEquivalent: null } });
    const text = await textOf(await saved(await renderMonthPdf(report, 'zh', font), 'gaps.pdf'));
    expect(text).toContain('无数值：缺少该口径的折标系数');
    expect(text).toContain('body/press/p-9: 无测量数据');
    expect(text).toContain('〓野家〓=1+1');
    expect(text).toContain('U+1F600 U+20BB7');
    expect(text).toContain('很很…');
  });
});

describe('the PDF', () => {
  it('has the same bytes for the same report', async () => {
    const [one, other] = [
      await renderMonthPdf(await sampleReport(), 'zh', font),
      await renderMonthPdf(await sampleReport(), 'zh', font),
    ];
    expect(Buffer.compare(one, other)).toBe(0);
  });

  it('stays small and keeps every row over many pages', async () => {
    const input = await reportInput();
    const objects = Array.from({ length: 300 }, (_, index) =>
      objectOf(`body/press/m-${index}`, 'equipment', `设备${index}`),
    );
    const pdf = await renderMonthPdf(
      buildMonthReport({ ...input, objects: [...input.objects, ...objects] }),
      'zh',
      font,
    );
    expect(pdf.length).toBeLessThan(400_000);
  });
});
