import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../seeds/simulator/model/fault.ts';
import { openDataDir, type DataDir } from './data-dir.ts';
import { demoBasePeriod, prepareDemo, readDemoState, writeDemoState } from './demo.ts';
import { createLog } from './log.ts';

const DAY = 86_400_000;
const now = Date.parse('2025-06-15T10:20:33.456Z');
const log = createLog({ level: 'silent', format: 'json', sink: { write: () => undefined } });

let dataDir: DataDir;
beforeEach(async () => {
  dataDir = await openDataDir(await mkdtemp(join(tmpdir(), 'joulegate-demo-')));
});
afterEach(() => rm(dataDir.path, { recursive: true, force: true }));

const prepare = (options: Partial<Parameters<typeof prepareDemo>[0]> = {}) =>
  prepareDemo({ dataDir, seed: undefined, history: '30d', faults: 'default', now, log, ...options });
const faults = async (): Promise<Fault[]> => JSON.parse(await readFile(dataDir.at('faults.json'), 'utf8')) as Fault[];

describe('the demo plant of an empty data folder', () => {
  it('was new at midnight UTC, 30 days ago, and has faults in the last third of its history and from now on', async () => {
    const plan = await prepare();
    expect(plan).toMatchObject({ seed: 1, startAt: Date.parse('2025-05-16T00:00:00Z'), done: false });
    expect(plan.historyTo).toBe(Date.parse('2025-06-15T10:20:30Z'));
    const starts = (await faults()).map(({ from }) => from);
    expect(Math.min(...starts)).toBeGreaterThan(now - 11 * DAY);
    expect(starts.some((from) => from > now)).toBe(true);
    expect(new Set((await faults()).map(({ id }) => id)).size).toBe(starts.length);
  });

  it('needs no fill without history', async () => {
    expect(await prepare({ history: 'none', faults: 'none' })).toMatchObject({ done: true });
    expect(await faults()).toEqual([]);
  });

  it('refuses a history that is no duration', async () => {
    await expect(prepare({ history: 'a month' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('takes days 1 to 10 of the plant as the base period', async () => {
    expect(demoBasePeriod(await prepare(), 'Asia/Shanghai')).toEqual({ from: '2025-05-17', to: '2025-05-26' });
  });
});

describe('a later start of the demo plant', () => {
  it('goes on with the same plant and keeps the faults that have begun', async () => {
    const first = await prepare({ seed: 7 });
    await writeDemoState(dataDir, { ...first, done: true });
    const begun = (await faults()).filter(({ from }) => from < now + DAY);
    const later = await prepare({ seed: 9, now: now + DAY });
    expect(later).toMatchObject({ seed: 7, startAt: first.startAt, historyTo: first.historyTo, done: true });
    expect(later.liveFrom).toBeGreaterThan(first.liveFrom);
    expect((await faults()).slice(0, begun.length)).toEqual(begun);
    await prepare({ faults: 'none', now: now + DAY });
    expect(await faults()).toEqual(begun);
  });

  it('throws an interrupted history away', async () => {
    await prepare({ seed: 7 });
    await mkdir(dataDir.at('scoring'));
    await writeFile(dataDir.at('scoring', 'half'), '');
    expect(await prepare({ now: now + DAY })).toMatchObject({
      seed: 7,
      done: false,
      startAt: Date.parse('2025-05-17T00:00:00Z'),
    });
    await expect(stat(dataDir.at('scoring'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readDemoState(dataDir)).toMatchObject({ done: false });
  });
});
