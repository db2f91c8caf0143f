import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CsvRow } from '../scoring/anomaly/evaluation/csv-table.ts';
import type { NabRow } from '../scoring/anomaly/evaluation/nab-table.ts';
import { seededRandom } from '../scoring/anomaly/evaluation/record.ts';
import type { SkabRow } from '../scoring/anomaly/evaluation/skab.ts';
import type { CommandContext } from './commands/context.ts';
import { evaluateCsvCommand, evaluateNabCommand, evaluateSkabCommand } from './evaluate-anomaly.ts';

const shared = join(import.meta.dirname, '../../shared');
const skab = join(shared, 'data/skab');
const nab = join(shared, 'data/nab');
const missing = [skab, nab, join(shared, 'tools')].filter((folder) => !existsSync(folder));
if (missing.length > 0) {
  console.warn(
    `skipped: ${missing.join(', ')} not here. Origins: waico/SKAB (commit b2c0d46), numenta/NAB (commit ea702d7).`,
  );
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-anomaly-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Printed<Row> = {
  readonly rows: readonly Row[];
  readonly table: readonly Row[];
  readonly notes: readonly string[];
  readonly trainRows: number;
};

async function printed<Row>(run: (context: CommandContext) => Promise<void>): Promise<Printed<Row>> {
  let text = '';
  await run({
    version: '0',
    env: {},
    cwd: '/',
    stdout: { write: (part) => (text += part) },
    stderr: { write: () => undefined },
    now: () => 0,
    process,
  });
  return JSON.parse(text) as Printed<Row>;
}

const common = { seed: 1, json: true, logLevel: 'warn' } as const;
const python = promisify(execFile);

describe.skipIf(missing.length > 0)('joulegate evaluate on the public benchmarks', () => {
  it('prints for SKAB what the independent scorer finds in the files it wrote', { timeout: 60_000 }, async () => {
    const out = join(folder, 'skab');
    const { rows } = await printed<SkabRow>((context) => evaluateSkabCommand(skab, { ...common, out }, context));
    const { stdout } = await python('python3', [join(shared, 'tools/score_skab.py'), skab, out, '--cp', '--json']);
    const theirs = JSON.parse(stdout) as {
      F1: number;
      FAR: number;
      MAR: number;
      NAB: Record<string, number>;
      cp_missed: number;
      cp_FP: number;
    };
    const [ours, ...trivial] = rows;
    if (ours === undefined) throw new Error('no row');
    expect([ours.f1.toFixed(4), ours.far.toFixed(2), ours.mar.toFixed(2)]).toEqual([
      theirs.F1.toFixed(4),
      theirs.FAR.toFixed(2),
      theirs.MAR.toFixed(2),
    ]);
    expect(
      [ours.changepoints.standard, ours.changepoints.lowFp, ours.changepoints.lowFn].map((value) => value.toFixed(2)),
    ).toEqual([theirs.NAB['standard'], theirs.NAB['lowFP'], theirs.NAB['lowFN']].map((value) => value?.toFixed(2)));
    expect([ours.changepointsTotal - ours.changepointsFound, ours.changepointsFalse]).toEqual([
      theirs.cp_missed,
      theirs.cp_FP,
    ]);
    expect(trivial.map(({ detector }) => detector)).toEqual(['always', 'random', 'position']);
    expect(ours.f1).toBeGreaterThan(0.84);
    expect(ours.far).toBeLessThan(20);
    expect(ours.mar).toBeLessThan(20);
  });

  it('prints for NAB what the independent scorer finds with the same threshold', { timeout: 60_000 }, async () => {
    const out = join(folder, 'nab');
    const { rows } = await printed<NabRow>((context) => evaluateNabCommand(nab, { ...common, out }, context));
    const { stdout } = await python('python3', [
      join(shared, 'tools/score_nab.py'),
      nab,
      out,
      'joulegate',
      '--threshold',
      '0.99',
    ]);
    const theirs = [...stdout.matchAll(/normalised +(-?[\d.]+)/g)].map((match) => match[1]);
    const profiles = rows[0]?.profiles;
    expect(profiles?.standard).toBeGreaterThan(60);
    expect([profiles?.standard, profiles?.lowFp, profiles?.lowFn].map((value) => value?.toFixed(2))).toEqual(theirs);
  });

  it(
    'writes the same bytes twice, and for the first rows of a file what it writes for the whole file',
    { timeout: 60_000 },
    async () => {
      const source = await readFile(join(skab, 'other/9.csv'), 'utf8');
      const short = join(folder, 'short.csv');
      await writeFile(short, source.split('\n').slice(0, 801).join('\n'));
      const whole = join(folder, 'whole.csv');
      await writeFile(whole, source);
      const options = { ...common, label: 'anomaly', train: 400, window: 10 };
      const written: string[] = [];
      for (const [file, out] of [
        [whole, 'a'],
        [whole, 'b'],
        [short, 'c'],
      ] as const) {
        await printed((context) => evaluateCsvCommand(file, { ...options, out: join(folder, out) }, context));
        written.push(await readFile(join(folder, out, file === whole ? 'whole.csv' : 'short.csv'), 'utf8'));
      }
      const [first = '', second, prefix = ''] = written;
      expect(second).toBe(first);
      expect(prefix.trimEnd().split('\n')).toEqual(first.split('\n').slice(0, 801));
    },
  );
});

describe('joulegate evaluate csv on files of all kinds', () => {
  const judge = async (text: string, more: Partial<Parameters<typeof evaluateCsvCommand>[1]> = {}) => {
    const file = join(folder, 'file.csv');
    await writeFile(file, text);
    const answer = await printed<CsvRow>((context) =>
      evaluateCsvCommand(file, { ...common, label: 'label', window: 5, out: join(folder, 'out'), ...more }, context),
    );
    return { ...answer, written: (await readFile(join(folder, 'out/file.csv'), 'utf8')).trimEnd().split('\n') };
  };
  const rows = (cells: (row: number) => string, count = 300): string =>
    Array.from({ length: count }, (_, row) => cells(row)).join('\n');

  it.each([
    ['', /file\.csv:1:1: the file is empty/],
    ['time,a,label\n', /file\.csv:2:1: no row after the header/],
    ['time,a,b\n1,2,3\n', /file\.csv:1:1: no column "label"; columns are: time, a, b/],
    ['time,a,label\n1,2,0\n2,3,0.37\n', /file\.csv:3:3: column "label" holds "0\.37", which is no label/],
    ['time,label\n1,0\n', /file\.csv:1:1: no column is a sensor/],
    ['time,a,label\n1,up,0\n2,down,1\n', /no column is a sensor; column 2 "a" is no sensor: it holds no number/],
  ])('refuses %j by file, line and column', async (text, message) => {
    await expect(judge(text)).rejects.toThrow(message);
  });

  it('refuses a training longer than the file', async () => {
    await expect(judge('a,label\n1,0\n2,1\n', { train: 5 })).rejects.toThrow(/--train 5: .* has 2 rows/);
  });

  it('takes missing, unreadable and constant values, repeated and jumping times, and never writes NaN', async () => {
    const cells = (row: number): string => {
      const time = row < 150 ? row : row * 1000 - (row % 7);
      const a = row % 10 === 0 ? 'NaN' : row === 33 ? 'Bad Input' : Math.sin(row).toFixed(4);
      return `${time},${a},7,${row > 200 && row < 220 ? '' : row % 3},${row > 280 ? 1 : 0}`;
    };
    const { written, notes } = await judge(`time,a,constant,c,label\n${rows(cells)}\n`);
    expect(written).toHaveLength(301);
    expect(written.slice(1).every((line) => /^\d+,0\.\d{8},[01]$/.test(line))).toBe(true);
    expect(notes).toEqual([
      expect.stringMatching(/^1 cells taken as missing, first .*file\.csv:35:2: "Bad Input" is no number$/),
    ]);
  });

  it('keeps a budget of false alarms, and refuses one where no time is', async () => {
    const random = seededRandom(2);
    const noisy = (row: number): string => `${row * 60},${random() + random()},${random() + random()},0`;
    const text = `time,a,b,label\n${rows(noisy, 6000)}\n`;
    const many = (await judge(text, { falseAlarms: 200, train: 2500 })).table[0]?.falseEpisodes ?? 0;
    const few = (await judge(text, { falseAlarms: 1, train: 2500 })).table[0]?.falseEpisodes ?? 0;
    expect(few).toBeLessThanOrEqual(3);
    expect(many).toBeGreaterThan(few);
    await expect(judge('a,label\n1,0\n2,1\n', { falseAlarms: 1 })).rejects.toThrow(/has no time that moves on/);
  });

  it('reads semicolons, decimal commas, German dates, row numbers and unlabelled rows', async () => {
    const { notes, trainRows, table } = await judge(
      `;Datum;druck;changepoint;label\n${rows((row) => `${row};0${1 + (row % 9)}/01/26 ${row % 24};${row % 5},5;0;${row < 100 ? -999 : row > 250 ? 1 : 0}`)}\n`,
      { train: 0.5 },
    );
    expect(trainRows).toBe(150);
    expect(notes).toEqual([
      '100 rows have no label and count as normal',
      'column 1 "" is no sensor: it holds row numbers',
      'column 4 "changepoint" is no sensor: it tells the answer',
    ]);
    expect(table.map(({ detector }) => detector)).toEqual(['joulegate', 'always', 'random', 'position']);
  });
});
