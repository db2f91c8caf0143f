import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnergyAnswer, EquipmentAnswer, HealthAnswer, TargetAnswer } from '../../scoring/api/schemas.ts';
import { startDemo, type DemoProcess, type Ready } from '../support/demo-process.ts';
import { chromiumLaunch, hasProgram } from '../support/programs.ts';
import { eventually } from '../support/stack.ts';

const root = join(import.meta.dirname, '../..');
const hasChromium = hasProgram('chromium', 'chromium');
const hasMosquitto = hasProgram('mosquitto_sub', 'mosquitto-clients');
const consoleBuilt = existsSync(join(root, 'dist/console/index.html'));
if (!consoleBuilt) console.warn('skipped: the console is not built; npm run build:console');

describe('joulegate up --demo', () => {
  let demo: DemoProcess;
  let ready: Ready;
  const get = <Answer>(path: string): Promise<Answer> => demo.get<Answer>(path);

  beforeAll(async () => {
    demo = await startDemo('8d');
    ready = demo.ready;
  }, 120_000);
  afterAll(() => demo[Symbol.asyncDispose]());

  it('shows at least 12 machines with live figures', async () => {
    const machines = await eventually('live power of every machine', async () => {
      const { items } = await get<EquipmentAnswer>('equipment');
      const equipment = items.filter((item) => item.level === 'equipment');
      return equipment.every((item) => item.live.powerKw !== null && item.live.energyTodayKwh !== null) && equipment;
    });
    expect(machines.length).toBeGreaterThanOrEqual(12);
    expect(new Set(machines.map((machine) => machine.kind)).size).toBeGreaterThanOrEqual(6);
  });

  it('names every object of the tree in both languages', async () => {
    const { items } = await get<EquipmentAnswer>('equipment');
    const unnamed = items.filter(({ displayName }) => displayName.en === undefined || displayName.zh === undefined);
    expect(unnamed.map(({ path }) => path)).toEqual([]);
  });

  it('has history whose days are the sums of their hours, at every level', async () => {
    const { items } = await get<EquipmentAnswer>('equipment');
    // Whole local days that lie behind, so that nothing grows between the two questions.
    const day = (offset: number): string =>
      new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(Date.now() + offset * 86_400_000);
    const [from, to] = [day(-7), day(0)];
    for (const { path } of items.filter((item) => item.level !== 'equipment')) {
      const query = (window: string): string => `energy?${new URLSearchParams({ path, window, from, to }).toString()}`;
      const [days, hours] = [await get<EnergyAnswer>(query('1d')), await get<EnergyAnswer>(query('1h'))];
      expect(days.points).toHaveLength(7);
      expect(Math.abs((days.totals.energyKwh ?? 0) / (hours.totals.energyKwh ?? 1) - 1)).toBeLessThan(1e-9);
    }
  });

  it('says where the plant stands against -1.0 % and -1.5 %, with the figures of the founding document', async () => {
    const [target] = (await get<TargetAnswer>('target')).items;
    expect(target?.levels.map((level) => level.reduction)).toEqual([0.01, 0.015]);
    expect(target?.rawChange).not.toBeNull();
    expect(target?.founding?.figures.find((figure) => figure.id === 'energy-intensity')?.sentence).toContain(
      '下降1%~1.5%',
    );
  });

  it('has standard coal, carbon and cost, and energy by shift and product that add up', async () => {
    const { account, parts, residualKwh } = await get<{
      account: {
        energyKwh: number;
        kgceCalorific: { value: number };
        tariff: { cost: number; parts: { cost: number }[] };
      };
      parts: { energyKwh: number }[];
      residualKwh: number;
    }>('account?path=');
    expect(account.energyKwh).toBeGreaterThan(100);
    expect(account.kgceCalorific.value).toBeCloseTo(account.energyKwh * 0.1229, 6);
    expect(account.tariff.parts.reduce((sum, { cost }) => sum + cost, 0)).toBeCloseTo(account.tariff.cost, 6);
    expect(parts.reduce((sum, { energyKwh }) => sum + energyKwh, residualKwh)).toBeCloseTo(account.energyKwh, 6);
    type Groups = { items: { key: string | null; energyKwh: number }[] };
    const press = encodeURIComponent('body/press-line/press-1');
    const [from, to] = [36, 12].map((hours) => new Date(Date.now() - hours * 3_600_000).toISOString());
    const [products, shifts] = await Promise.all(
      ['product', 'shift'].map((by) => get<Groups>(`breakdown?path=${press}&by=${by}&from=${from}&to=${to}`)),
    );
    const total = (groups: Groups | undefined) =>
      (groups?.items ?? []).reduce((sum, { energyKwh }) => sum + energyKwh, 0);
    expect(products?.items.filter(({ key }) => key !== null).length).toBeGreaterThan(0);
    expect(shifts?.items.map(({ key }) => key).sort()).toEqual(['early', 'late', 'night']);
    expect(total(products)).toBeCloseTo(total(shifts), 6);
  });

  it('is in good health and keeps its secrets to its owner', async () => {
    const health = await get<HealthAnswer>('health');
    expect(health.services.map((service) => service.service).sort()).toEqual(['broker', 'gateway', 'scoring']);
    expect(health.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
    for (const name of ['api-token', 'viewer.json', 'scoring.json', 'edge-1.json']) {
      expect((await stat(join(ready.dataDir, 'credentials', name))).mode & 0o777).toBe(0o600);
    }
  });

  it.skipIf(!hasMosquitto)(
    'shows metadata and data to mosquitto_sub with the printed credentials, and refuses it without',
    () => {
      const { hostname, port, username, password } = new URL(ready.mqtt);
      const sub = (topic: string, credentials: readonly string[]) =>
        spawnSync('mosquitto_sub', ['-h', hostname, '-p', port, '-t', topic, '-C', '1', '-W', '10', ...credentials], {
          encoding: 'utf8',
        });
      const own = ['-u', username, '-P', decodeURIComponent(password)];
      expect(JSON.parse(sub('opcua/json/metadata/#', own).stdout)).toMatchObject({
        MessageType: 'ua-metadata',
        PublisherId: 'edge-1',
      });
      expect(JSON.parse(sub('opcua/json/data/#', own).stdout)).toMatchObject({
        MessageType: 'ua-data',
        PublisherId: 'edge-1',
      });
      expect(sub('opcua/json/data/#', [])).toMatchObject({ stdout: '', status: expect.any(Number) });
      expect(sub('opcua/json/data/#', []).stderr).toContain('Connection Refused');
    },
  );

  it.skipIf(!hasChromium || !consoleBuilt)(
    'opens in a browser in both languages without an error in its console',
    { timeout: 60_000 },
    async () => {
      const browser = await chromium.launch(chromiumLaunch);
      try {
        for (const [locale, word] of [
          ['zh-CN', '单耗'],
          ['en', 'Energy per unit'],
        ] as const) {
          const page = await (await browser.newContext({ locale, viewport: { width: 1280, height: 900 } })).newPage();
          const errors: string[] = [];
          page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
          page.on('pageerror', (error) => errors.push(error.message));
          const foreign: string[] = [];
          page.on(
            'request',
            (request) =>
              !request.url().startsWith(ready.url) && !request.url().startsWith('data:') && foreign.push(request.url()),
          );
          await page.goto(ready.url);
          await page.locator('[data-testid="equipment-row"]').nth(11).waitFor();
          await page.locator('[data-testid="trend-chart"]').first().waitFor();
          const attribute = (testId: string, name: string) =>
            page.locator(`[data-testid="${testId}"]`).first().getAttribute(name);
          await eventually('a filled trend', async () => Number(await attribute('trend-chart', 'data-points')) > 10);
          await eventually('live figures', async () => (await attribute('live-state', 'data-state')) === 'live');
          const powers = await page.locator('[data-testid="equipment-row"] [data-field="powerKw"]').allTextContents();
          expect(powers.filter((text) => /\d/.test(text)).length).toBeGreaterThanOrEqual(12);
          expect(await page.locator('body').textContent()).toContain(word);
          expect(await page.locator('[data-testid="target-panel"]').textContent()).toMatch(/1[.]5\s?%/);
          expect(errors).toEqual([]);
          expect(foreign).toEqual([]);
          await page.close();
        }
      } finally {
        await browser.close();
      }
    },
  );

  it('stops cleanly on Ctrl-C, with everything that was accepted in the store', async () => {
    const exited = once(demo.child, 'exit');
    demo.child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(
      existsSync(join(ready.dataDir, 'scoring', 'joulegate.db-wal')) &&
        (await stat(join(ready.dataDir, 'scoring', 'joulegate.db-wal'))).size,
    ).toBeFalsy();
    expect((await readFile(join(ready.dataDir, 'ground-truth.jsonl'), 'utf8')).length).toBeGreaterThanOrEqual(0);
  });
});
