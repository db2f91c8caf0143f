import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type Page } from 'playwright-core';
import { printTable } from '../faults/print-table.ts';
import { chromiumLaunch } from '../support/programs.ts';
import { startLargePlant } from './console/large-plant.ts';

const usage = `Measures the console in headless Chromium on loopback, software rendering, everything on this machine.
  npm run bench:console [-- --machines 1000 --rounds 5]
interactive: from the start of the navigation to the first machine on the page and an idle main thread, empty cache.
script: what the page loads before it is interactive, gzip level 9 of the built files.
scrolling: a list that moves 40 px each frame for 5 s while every machine has new values each second;
  work: script, style and layout of the page for one frame (16.7 ms are there for it);
  plain page: the same with a page that only has text, which shows what this machine can do at the moment.`;

const { values } = parseArgs({
  options: {
    machines: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});
const [machines = 0, rounds = 0] = [values.machines, values.rounds].map(Number);
const consoleDir = join(import.meta.dirname, '../../dist/console');
const WIDTHS = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const;
const limits = { interactiveMs: 1500, scriptBytes: 250 * 1024, fps: 59 } as const;

type Scrolled = {
  readonly fps: number;
  readonly frames: number;
  readonly worstMs: number;
  /** Share of frames that came more than 25 ms after the one before. */
  readonly late: number;
  /** Script, style and layout for one frame. */
  readonly workMs: number;
};

/** Runs before the page: notes when a machine stands on it and the main thread rests. */
const watch = `new MutationObserver((_, observer) => {
  if (document.querySelector('[data-testid="equipment-row"]') === null) return;
  observer.disconnect();
  window.firstRowMs = performance.now();
  requestIdleCallback(() => { window.interactiveMs = performance.now(); });
}).observe(document, { childList: true, subtree: true });`;

/** Moves the list by hand of the main thread, so that a frame that is late shows. */
const scroll = `new Promise((resolve) => {
  const box = document.querySelector('.tree-scroll');
  const list = box !== null && box.scrollHeight > box.clientHeight + 10 && getComputedStyle(box).maxHeight !== 'none'
    ? box : document.scrollingElement;
  const times = [];
  let step = 40;
  const frame = (at) => {
    times.push(at);
    const before = list.scrollTop;
    list.scrollTop += step;
    if (list.scrollTop === before) step = -step;
    if (at - times[0] < 5000) { requestAnimationFrame(frame); return; }
    const gaps = times.slice(1).map((time, index) => time - times[index]);
    resolve({
      frames: gaps.length,
      fps: gaps.length / ((times.at(-1) - times[0]) / 1000),
      worstMs: Math.max(...gaps),
      late: gaps.filter((gap) => gap > 25).length / gaps.length,
    });
  };
  requestAnimationFrame(frame);
})`;

async function open(browser: Browser, url: string, viewport: { width: number; height: number }): Promise<Page> {
  const context = await browser.newContext({ locale: 'en', viewport });
  await context.addInitScript(watch);
  const page = await context.newPage();
  await page.goto(url);
  await page.evaluate(`new Promise((resolve) => {
    const look = () => (window.interactiveMs === undefined ? setTimeout(look, 20) : resolve());
    look();
  })`);
  return page;
}

async function scrollList(page: Page): Promise<Scrolled> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const spent = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    const of = (name: string) => metrics.find((one) => one.name === name)?.value ?? 0;
    return of('ScriptDuration') + of('LayoutDuration') + of('RecalcStyleDuration');
  };
  const before = await spent();
  const scrolled = (await page.evaluate(scroll)) as Omit<Scrolled, 'workMs'>;
  return { ...scrolled, workMs: (((await spent()) - before) * 1000) / scrolled.frames };
}

/** What this machine can do at the moment: the same movement over plain text. */
async function scrollPlain(browser: Browser): Promise<Scrolled> {
  const page = await (await browser.newContext({ viewport: WIDTHS.desk })).newPage();
  await page.setContent(`<main>${'<p>plain text</p>'.repeat(1000)}</main>`);
  const scrolled = await scrollList(page);
  await page.context().close();
  return scrolled;
}

async function scriptBytes(page: Page): Promise<number> {
  const names = (await page.evaluate(
    `performance.getEntriesByType('resource').filter((one) => one.startTime < window.interactiveMs && one.name.endsWith('.js') && one.initiatorType === 'script').map((one) => new URL(one.name).pathname)`,
  )) as readonly string[];
  const files = await Promise.all(names.map((name) => readFile(join(consoleDir, name))));
  return files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

async function run(): Promise<void> {
  await using plant = await startLargePlant(machines, consoleDir);
  const browser = await chromium.launch(chromiumLaunch);
  const first: number[] = [];
  const interactive: number[] = [];
  const scrolled: Record<keyof typeof WIDTHS | 'plain', Scrolled[]> = { desk: [], phone: [], plain: [] };
  let bytes = 0;
  try {
    for (let round = 0; round < rounds; round += 1) {
      scrolled.plain.push(await scrollPlain(browser));
      for (const where of ['desk', 'phone'] as const) {
        const page = await open(browser, plant.url, WIDTHS[where]);
        if (where === 'desk') {
          first.push(Number(await page.evaluate('window.firstRowMs')));
          interactive.push(Number(await page.evaluate('window.interactiveMs')));
          bytes = await scriptBytes(page);
        }
        scrolled[where].push(await scrollList(page));
        await page.context().close();
      }
    }
  } finally {
    await browser.close();
  }
  const of = (where: keyof typeof scrolled, what: keyof Scrolled) => median(scrolled[where].map((one) => one[what]));
  const figures = {
    machines,
    rounds,
    firstRowMs: Math.round(median(first)),
    interactiveMs: Math.round(median(interactive)),
    scriptBytes: bytes,
    deskFps: Number(of('desk', 'fps').toFixed(1)),
    deskWorstFrameMs: Math.round(of('desk', 'worstMs')),
    deskLateFrames: Number(of('desk', 'late').toFixed(4)),
    deskWorkMs: Number(of('desk', 'workMs').toFixed(2)),
    plainFps: Number(of('plain', 'fps').toFixed(1)),
    plainLateFrames: Number(of('plain', 'late').toFixed(4)),
    phoneWorkMs: Number(of('phone', 'workMs').toFixed(2)),
    phoneFps: Number(of('phone', 'fps').toFixed(1)),
    phoneWorstFrameMs: Math.round(of('phone', 'worstMs')),
    phoneLateFrames: Number(of('phone', 'late').toFixed(4)),
  };
  const late = (share: number, worstMs: number) => `${(share * 100).toFixed(1)} %; ${worstMs.toFixed(0)} ms`;
  const verdict = (met: boolean) => (met ? 'met' : 'missed');
  console.log(`console with ${machines} live machines; medians of ${rounds} rounds`);
  printTable(
    ['figure', 'measured', 'limit', ''],
    [
      ['first machine on the page', `${figures.firstRowMs} ms`, '', ''],
      [
        'first view interactive',
        `${figures.interactiveMs} ms`,
        `< ${limits.interactiveMs} ms`,
        verdict(figures.interactiveMs < limits.interactiveMs),
      ],
      [
        'script, gzip',
        `${(bytes / 1024).toFixed(1)} KiB`,
        '< 250 KiB',
        verdict(bytes > 0 && bytes < limits.scriptBytes),
      ],
      ...(['desk', 'phone'] as const).flatMap((where) => [
        [
          `scrolling, ${WIDTHS[where].width} px`,
          `${of(where, 'fps').toFixed(1)} fps`,
          `60 fps`,
          verdict(of(where, 'fps') >= limits.fps),
        ],
        [
          '  work for a frame',
          `${of(where, 'workMs').toFixed(1)} ms`,
          '< 16.7 ms',
          verdict(of(where, 'workMs') < 16.7),
        ],
        ['  frames later than 25 ms; worst', late(of(where, 'late'), of(where, 'worstMs')), '', ''],
      ]),
      ['plain page, 1280 px', `${figures.plainFps} fps`, 'what the machine can do', ''],
      ['  frames later than 25 ms; worst', late(of('plain', 'late'), of('plain', 'worstMs')), '', ''],
    ],
  );
  console.log(JSON.stringify({ bench: 'console', ...figures }));
}

if (values.help || !(machines >= 1) || !(rounds >= 1)) console.log(usage);
else await run();
