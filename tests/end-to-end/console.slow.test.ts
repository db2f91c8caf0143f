import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { screens } from '../../scoring/console/route.ts';
import { startDemo, type DemoProcess } from '../support/demo-process.ts';
import { chromiumLaunch } from '../support/programs.ts';
import { eventually } from '../support/stack.ts';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** Set to a folder to keep a picture of every screen. */
const pictures = process.env['JOULEGATE_PICTURES'];

let demo: DemoProcess;
let browser: Browser;

beforeAll(async () => {
  demo = await startDemo('30d');
  browser = await chromium.launch(chromiumLaunch);
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await demo?.[Symbol.asyncDispose]();
});

type Finding = { readonly id: string; readonly nodes: readonly { readonly html: string }[] };

/** The page's own policy forbids foreign scripts, so axe comes in by the debugger. */
async function axe(page: Page): Promise<readonly string[]> {
  const result = (await page.evaluate(
    `window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`,
  )) as { readonly violations: readonly Finding[]; readonly passes: readonly Finding[] };
  expect(result.passes.map(({ id }) => id)).toContain('color-contrast');
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

describe.each([
  ['zh-CN', 'light', 1280],
  ['en', 'dark', 1280],
  ['zh-CN', 'dark', 390],
  ['en', 'light', 390],
] as const)('the console in %s, %s, %d px', (locale, colorScheme, width) => {
  it(
    'shows every screen without an error, a foreign request, a page wider than the window, or a fault axe can see',
    { timeout: 120_000 },
    async () => {
      const context = await browser.newContext({ locale, colorScheme, viewport: { width, height: 900 } });
      await context.addInitScript({ path: axeFile });
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      const errors: string[] = [];
      const foreign: string[] = [];
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('request', (request) => {
        const url = request.url();
        if (!url.startsWith(demo.ready.url) && !url.startsWith('data:')) foreign.push(url);
      });
      const findings: string[] = [];
      for (const screen of screens) {
        await page.goto(`${demo.ready.url}/#/${screen}`);
        await page.locator(`main[data-screen="${screen}"]`).waitFor();
        await eventually(`${screen} is loaded`, async () => (await page.locator('.skeleton').count()) === 0);
        await eventually(
          `the charts of ${screen}`,
          async () => (await page.locator('.chart').count()) === (await page.locator('.chart canvas').count()),
        );
        expect(await page.locator('.state-failed').count(), `${screen} failed`).toBe(0);
        findings.push(...(await axe(page)).map((finding) => `${screen}: ${finding}`));
        const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        if (Number(over) > 0) findings.push(`${screen}: ${String(over)} px wider than the window`);
        if (pictures !== undefined) {
          mkdirSync(pictures, { recursive: true });
          await page.screenshot({
            path: join(pictures, `${screen}-${locale}-${colorScheme}-${width}.png`),
            fullPage: true,
          });
        }
      }
      await context.close();
      expect(findings).toEqual([]);
      expect(errors).toEqual([]);
      expect(foreign).toEqual([]);
    },
  );
});

describe('an energy officer', () => {
  it(
    'goes from the machine that wastes most to the trace of one of its windows, by keyboard',
    { timeout: 60_000 },
    async () => {
      const page = await (await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 900 } })).newPage();
      await page.goto(`${demo.ready.url}/#/ranking`);
      const machine = page.locator('[data-testid="ranking-table"] tbody a').first();
      await machine.focus();
      await page.keyboard.press('Enter');
      await page.locator('main[data-screen="intensity"]').waitFor();
      const trace = page.getByRole('button', { name: /^Trace of/ }).first();
      await trace.focus();
      await page.keyboard.press('Enter');
      const hash = page.getByTestId('trace').locator('code');
      await hash.waitFor();
      expect(await hash.textContent()).toMatch(/^[0-9a-f]{64}$/);
      await page.context().close();
    },
  );
});
