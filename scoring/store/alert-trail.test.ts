import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlertTrail } from './alert-trail.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-trail-'));
  file = join(folder, 'trail.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const change = (alert: string) => ({
  at: 1_700_000_000_000,
  by: 'li',
  from: '10.0.0.7',
  action: 'close',
  alert,
  reason: 'line one\nline two',
  before: '{}',
  after: '{}',
});
const written = async (count: number): Promise<string[]> => {
  const trail = await AlertTrail.open(file);
  await Promise.all(Array.from({ length: count }, (_, index) => trail.append(change(`alert-${index}`))));
  return (await readFile(file, 'utf8')).trimEnd().split('\n');
};
const verdictOf = async (lines: readonly string[]) => {
  await writeFile(file, lines.map((line) => `${line}\n`).join(''));
  return (await (await AlertTrail.open(file)).read()).verdict;
};

describe('the trail on disk', () => {
  it('goes on over a restart in one chain and belongs to its owner alone', async () => {
    await written(3);
    const again = await AlertTrail.open(file);
    expect(await again.append(change('later'))).toMatchObject({ sequence: 4 });
    expect((await again.read()).verdict).toEqual({ holds: true, entries: 4 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('shows a line that was changed, removed, moved or is no entry', async () => {
    const lines = await written(4);
    const [one = '', two = '', three = '', four = ''] = lines;
    expect(await verdictOf(lines)).toEqual({ holds: true, entries: 4 });
    expect(await verdictOf([one, two.replace('"li"', '"eve"'), three, four])).toMatchObject({
      holds: false,
      sequence: 2,
    });
    expect(await verdictOf([one, three, four])).toMatchObject({ holds: false, sequence: 2 });
    expect(await verdictOf([one, three, two, four])).toMatchObject({ holds: false, sequence: 2 });
    expect(await verdictOf([one, 'x', three, four])).toMatchObject({ holds: false, sequence: 2 });
  });

  it('shows lines cut off at the end, also after more was written', async () => {
    const lines = await written(4);
    expect(await verdictOf(lines.slice(0, 2))).toMatchObject({ holds: false, sequence: 3 });
    const trail = await AlertTrail.open(file);
    await trail.append(change('later'));
    expect((await trail.read()).verdict).toMatchObject({ holds: false, sequence: 3 });
  });
});
