import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertOf, silentLog } from '../../tests/support/api-plant.ts';
import { startHookServer, type HookCall } from '../../tests/support/hook-server.ts';
import { eventually } from '../../tests/support/stack.ts';
import { ProblemBook } from '../problem-book.ts';
import type { Alert } from '../security/alert.ts';
import type { RecipientSection } from './config.ts';
import { Notifier, testNotifications, type NotifierOptions } from './notifier.ts';

/** 2026-11-23T23:00+08:00 */
const NIGHT = Date.UTC(2026, 10, 23, 15);
const DAY = Date.UTC(2026, 10, 23, 4);
const HOUR = 3_600_000;

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-notify-'));
});
afterAll(() => rm(folder, { recursive: true }));

const titlesOf = (calls: readonly HookCall[]): string[] =>
  calls.map(({ body }) => (JSON.parse(body) as { title: string }).title);

function setUp(url: string, recipient: Partial<RecipientSection> = {}) {
  const clock = { at: DAY };
  const problems = new ProblemBook('scoring', () => clock.at);
  files += 1;
  const options: NotifierOptions = {
    section: {
      hooks: [{ id: 'h', format: 'json', url }],
      recipients: [
        {
          name: 'lead',
          hooks: ['h'],
          language: 'en',
          minimumSeverity: 'medium',
          cleared: true,
          perHour: 20,
          ...recipient,
        },
      ],
    },
    site: 'pudong',
    zone: 'Asia/Shanghai',
    file: join(folder, `state-${files}.json`),
    problems,
    log: silentLog,
    now: () => clock.at,
    retryMs: [5],
  };
  const pass = async (notifier: Notifier, at: number, ...alerts: readonly Alert[]): Promise<void> => {
    clock.at = at;
    for (const alert of alerts) notifier.note(alert);
    notifier.tick();
    await notifier.settled();
  };
  return { options, problems, pass };
}

describe('the notifier', () => {
  it('tells of an alert once, of its rise, and of its end', async () => {
    await using server = await startHookServer();
    const { options, pass } = setUp(server.url);
    await using notifier = await Notifier.open(options, []);
    const alert = alertOf('a', { severity: 'medium' });
    await pass(notifier, DAY, alert);
    await pass(notifier, DAY + 1000, { ...alert, count: 40 });
    await pass(notifier, DAY + 2000, { ...alert, severity: 'critical' });
    await pass(notifier, DAY + 3000, { ...alert, severity: 'critical', condition: 'cleared' });
    await pass(notifier, DAY + 4000, { ...alert, severity: 'critical', condition: 'cleared' });
    expect(titlesOf(server.calls)).toEqual([
      'pudong: [medium] Loss of view',
      'pudong: [critical] Loss of view',
      'pudong: [over] Loss of view',
    ]);
  });

  it('keeps the night quiet and tells in the morning what was, in one message', async () => {
    await using server = await startHookServer();
    const { options, pass } = setUp(server.url, { quietHours: { from: '22:00', to: '06:00', except: 'critical' } });
    await using notifier = await Notifier.open(options, []);
    const [one, two] = [alertOf('a'), alertOf('b')];
    await pass(notifier, NIGHT, one, two);
    await pass(notifier, NIGHT + HOUR, { ...two, condition: 'cleared' });
    expect(server.calls).toEqual([]);
    await pass(notifier, NIGHT + 2 * HOUR, alertOf('c', { severity: 'critical' }));
    expect(titlesOf(server.calls)).toEqual(['pudong: [critical] Loss of view']);
    await pass(notifier, NIGHT + 7 * HOUR);
    expect(titlesOf(server.calls)[1]).toBe('pudong: 2 alerts');
    const { lines } = JSON.parse(server.calls[1]?.body ?? '') as { lines: string[] };
    expect(lines.map((line) => line.split(' · ')[0])).toEqual(['[high] Loss of view', '[high] Loss of view (over)']);
    await pass(notifier, NIGHT + 8 * HOUR);
    expect(server.calls).toHaveLength(2);
  });

  it('makes one message of a flood, and no more than so many an hour', async () => {
    await using server = await startHookServer();
    const { options, pass } = setUp(server.url, { perHour: 2 });
    await using notifier = await Notifier.open(options, []);
    await pass(notifier, DAY, ...Array.from({ length: 500 }, (_, index) => alertOf(`f-${index}`)));
    await pass(notifier, DAY + 1000, alertOf('x'));
    await pass(notifier, DAY + 2000, alertOf('y'));
    await pass(notifier, DAY + 3000, alertOf('z'));
    expect(titlesOf(server.calls)).toEqual(['pudong: 500 alerts', 'pudong: [high] Loss of view']);
    await pass(notifier, DAY + HOUR + 1000);
    expect(titlesOf(server.calls)[2]).toBe('pudong: 2 alerts');
  });

  it('tries again while the way is down, says so in health, and tells everything once it is back', async () => {
    let isDown = true;
    await using server = await startHookServer(() => ({ status: isDown ? 503 : 200 }));
    const { options, problems, pass } = setUp(server.url);
    await using notifier = await Notifier.open(options, []);
    notifier.note(alertOf('a'));
    notifier.tick();
    await eventually('three tries', () => problems.list().length > 0 && server.calls.length > 2);
    expect(problems.list()[0]).toMatchObject({ code: 'NOTIFICATION_FAILED', where: 'lead: json "h"' });
    expect(JSON.stringify(problems.list())).not.toContain('KEY-IN-URL');
    notifier.note(alertOf('b'));
    isDown = false;
    await notifier.settled();
    expect(problems.list()).toEqual([]);
    await pass(notifier, DAY + 1000);
    expect(titlesOf(server.calls.slice(-2))).toEqual(['pudong: [high] Loss of view', 'pudong: [high] Loss of view']);
  });

  it('does not try again what is refused for good', async () => {
    await using server = await startHookServer(() => ({ status: 410 }));
    const { options, problems, pass } = setUp(server.url);
    await using notifier = await Notifier.open(options, []);
    await pass(notifier, DAY, alertOf('a'));
    await pass(notifier, DAY + 1000);
    expect([server.calls.length, problems.list().length]).toEqual([1, 1]);
  });

  it('goes on after a restart: what waited is told, what was told is not', async () => {
    await using server = await startHookServer();
    const { options, pass } = setUp(server.url, { quietHours: { from: '22:00', to: '06:00' } });
    {
      await using notifier = await Notifier.open(options, []);
      await pass(notifier, DAY, alertOf('day'));
      await pass(notifier, NIGHT, alertOf('night'));
    }
    expect((await stat(options.file)).mode & 0o777).toBe(0o600);
    await using again = await Notifier.open(options, [alertOf('day'), alertOf('night'), alertOf('while-stopped')]);
    await pass(again, NIGHT + 1000);
    expect(server.calls).toHaveLength(1);
    await pass(again, NIGHT + 8 * HOUR);
    const { alerts } = JSON.parse(server.calls[1]?.body ?? '') as { alerts: { id: string }[] };
    expect(alerts.map(({ id }) => id).sort()).toEqual(['night', 'while-stopped']);
    expect(await readFile(options.file, 'utf8')).not.toContain('KEY-IN-URL');
  });

  it('tells nothing of what was open before it was ever there', async () => {
    await using server = await startHookServer();
    const { options, pass } = setUp(server.url);
    await using notifier = await Notifier.open(options, [alertOf('old')]);
    await pass(notifier, DAY, alertOf('old'), alertOf('new'));
    expect(titlesOf(server.calls)).toEqual(['pudong: [high] Loss of view']);
  });

  it.each<[string, Partial<RecipientSection>]>([
    ['no hook "x"', { hooks: ['x'] }],
    ['no scoring.notifications.mail', { mail: ['a@example.com'] }],
  ])('is refused with %s', async (text, recipient) => {
    const { options } = setUp('http://127.0.0.1:1/', recipient);
    await expect(Notifier.open(options, [])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(text),
    });
  });

  it('sends a test message to everybody and says who got it', async () => {
    await using server = await startHookServer();
    const { options } = setUp(server.url);
    expect(await testNotifications(options, new AbortController().signal)).toEqual([
      { recipient: 'lead', channel: 'json "h"', error: null },
    ]);
    expect(titlesOf(server.calls)).toEqual(['pudong: Joulegate test message']);
  });
});
