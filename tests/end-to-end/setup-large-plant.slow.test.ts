import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLargePlant } from '../bench/console/large-plant.ts';
import { chromiumLaunch } from '../support/programs.ts';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const MACHINES = 1000;

let plant: Awaited<ReturnType<typeof startLargePlant>>;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  plant = await startLargePlant(MACHINES, join(import.meta.dirname, '../../dist/console'));
  browser = await chromium.launch(chromiumLaunch);
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 900 } });
  await context.addInitScript({ path: axeFile });
  page = await context.newPage();
  await page.goto(plant.url);
  await page.getByTestId('equipment-row').first().waitFor();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await plant?.[Symbol.asyncDispose]();
});

const focused = () => page.evaluate('document.activeElement?.dataset?.path ?? ""');

describe('a plant of a thousand machines', () => {
  it('has a tree that says how long it is and puts only what is seen on the page', async () => {
    const tree = page.getByRole('treegrid');
    expect(Number(await tree.getAttribute('aria-rowcount'))).toBeGreaterThan(MACHINES);
    expect(await page.locator('tr[data-path]').count()).toBeLessThan(120);
  });

  it('is walked by keyboard from end to end and back, and keeps the focus while it is scrolled', async () => {
    await page.locator('tr[data-path=""]').focus();
    await page.keyboard.press('End');
    await expect.poll(focused).toBe('area-05/line-10/machine-20');
    await page.keyboard.press('ArrowUp');
    await expect.poll(focused).toBe('area-05/line-10/machine-19');
    await page.locator('.tree-scroll').evaluate((box: { scrollTop: number }) => {
      box.scrollTop = 0;
    });
    await page.locator('tr[data-path=""]').waitFor();
    expect(await focused()).toBe('area-05/line-10/machine-19');
    await page.keyboard.press('Home');
    await expect.poll(focused).toBe('');
    await page.keyboard.press('ArrowDown');
    await expect.poll(focused).toBe('area-01');
  });

  it('has no fault axe can see, also in the middle of the list', async () => {
    await page.locator('.tree-scroll').evaluate((box: { scrollTop: number }) => {
      box.scrollTop = 9000;
    });
    await page.locator('tr[data-path="area-02/line-08/machine-10"]').waitFor();
    const result = (await page.evaluate(
      `window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`,
    )) as { readonly violations: readonly { readonly id: string }[] };
    expect(result.violations.map(({ id }) => id)).toEqual([]);
  });
});
