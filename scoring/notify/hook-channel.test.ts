import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { alertOf } from '../../tests/support/api-plant.ts';
import { startHookServer } from '../../tests/support/hook-server.ts';
import type { HookSection } from './config.ts';
import { createHookChannel, requestOf } from './hook-channel.ts';
import { messageOf, type Message } from './message.ts';

const AT = Date.UTC(2026, 10, 23, 4, 0, 0);
const SECRET = 'SEC-never-shown';
const message: Message = messageOf([{ kind: 'raised', alert: alertOf('a') }], {
  language: 'zh',
  zone: 'Asia/Shanghai',
  site: '浦东',
  consoleUrl: 'https://plant.example/',
});
const never = new AbortController().signal;
const hookOf = (format: HookSection['format'], url: string): HookSection => ({ id: 'h', format, url, token: SECRET });
const sign = (key: string, text: string) => createHmac('sha256', key).update(text).digest('base64');

describe('a hook', () => {
  it('of DingTalk is signed in its address and carries Markdown', async () => {
    await using server = await startHookServer();
    await createHookChannel(hookOf('dingtalk', server.url), () => AT).send(message, never);
    const [call] = server.calls;
    expect(call?.url.searchParams.get('access_token')).toBe('KEY-IN-URL');
    expect(call?.url.searchParams.get('timestamp')).toBe(String(AT));
    expect(call?.url.searchParams.get('sign')).toBe(sign(SECRET, `${AT}\n${SECRET}`));
    expect(JSON.parse(call?.body ?? '')).toEqual({
      msgtype: 'markdown',
      markdown: {
        title: '浦东: 【高】失去监视',
        text: '**浦东: 【高】失去监视**\n\npress-1 does not answer\n\n设备: stamping/press-line/press-1\n\n首次出现: 2026-11-23 12:34:51 +08:00\n\n次数: 2\n\n[Joulegate](https://plant.example/)',
      },
    });
  });

  it('of WeCom carries Markdown within 4096 bytes, cut between characters', async () => {
    await using server = await startHookServer();
    const long = { ...message, lines: Array.from({ length: 30 }, () => '很'.repeat(250)) };
    await createHookChannel(hookOf('wecom', server.url), () => AT).send(long, never);
    const { msgtype, markdown } = JSON.parse(server.calls[0]?.body ?? '') as {
      msgtype: string;
      markdown: { content: string };
    };
    expect(msgtype).toBe('markdown');
    expect(Buffer.byteLength(markdown.content)).toBeLessThanOrEqual(4096);
    expect(markdown.content).not.toContain('\uFFFD');
    expect(markdown.content.endsWith('…\n\n[Joulegate](https://plant.example/)')).toBe(true);
  });

  it('of Feishu is signed in its body by seconds', async () => {
    await using server = await startHookServer(() => ({ body: '{"code":0,"msg":"success"}' }));
    await createHookChannel(hookOf('feishu', server.url), () => AT).send(message, never);
    const body = JSON.parse(server.calls[0]?.body ?? '') as {
      timestamp: string;
      sign: string;
      msg_type: string;
      content: { text: string };
    };
    expect(body.timestamp).toBe(String(AT / 1000));
    expect(body.sign).toBe(sign(`${AT / 1000}\n${SECRET}`, ''));
    expect(body.msg_type).toBe('text');
    expect(body.content.text.split('\n')[0]).toBe('浦东: 【高】失去监视');
  });

  it('of its own form carries the alerts and a signature over time and body', async () => {
    await using server = await startHookServer(() => ({ status: 204, body: '' }));
    await createHookChannel(hookOf('json', server.url), () => AT).send(message, never);
    const [call] = server.calls;
    const body = call?.body ?? '';
    const hex = createHmac('sha256', SECRET).update(`${AT}.${body}`).digest('hex');
    expect(call?.headers['x-joulegate-signature']).toBe(`t=${AT},v1=${hex}`);
    const { alerts } = JSON.parse(body) as { alerts: object[] };
    expect(alerts).toMatchObject([{ kind: 'raised', id: 'a', severity: 'high', first: '2026-11-23T04:34:51.000Z' }]);
    expect(alerts[0]).not.toHaveProperty('key');
  });

  it.each<[HookSection['format'], number, string, string]>([
    ['dingtalk', 200, '{"errcode":310000,"errmsg":"sign not match KEY-IN-URL"}', 'NOTIFICATION_REFUSED'],
    ['dingtalk', 200, '{"errcode":130101,"errmsg":"send too fast"}', 'NOTIFICATION_FAILED'],
    ['wecom', 200, '{"errcode":45009}', 'NOTIFICATION_FAILED'],
    ['wecom', 200, '{"errcode":93000}', 'NOTIFICATION_REFUSED'],
    ['feishu', 200, '{"code":19021}', 'NOTIFICATION_REFUSED'],
    ['feishu', 200, '<html>', 'NOTIFICATION_REFUSED'],
    ['json', 503, '', 'NOTIFICATION_FAILED'],
    ['json', 429, '', 'NOTIFICATION_FAILED'],
    ['json', 410, '', 'NOTIFICATION_REFUSED'],
  ])('of %s that answers %i %s is %s', async (format, status, body, code) => {
    await using server = await startHookServer(() => ({ status, body }));
    const error = await createHookChannel(hookOf(format, server.url), () => AT)
      .send(message, never)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toMatch(/KEY-IN-URL|SEC-never/);
  });

  it('that is not there is worth another try, and its address stays untold', async () => {
    const server = await startHookServer();
    await server[Symbol.asyncDispose]();
    const error = await createHookChannel(hookOf('json', server.url), () => AT)
      .send(message, never)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'NOTIFICATION_FAILED', message: expect.stringContaining('ECONNREFUSED') });
    expect(String(error)).not.toContain('KEY-IN-URL');
  });

  it('beyond this machine is https', () => {
    expect(() => createHookChannel(hookOf('json', 'http://hooks.example/x'), () => AT)).toThrow(/must be https/);
    expect(() => createHookChannel(hookOf('json', 'https://hooks.example/x'), () => AT)).not.toThrow();
  });

  it.each<HookSection['format']>(['dingtalk', 'wecom', 'feishu'])(
    'of %s lets no name mention people or make links',
    (format) => {
      const evil = '<at user_id="all">x</at> <@all> [click](http://evil) **b** @all `x` # h';
      const { body } = requestOf(
        hookOf(format, 'https://x.example/'),
        { ...message, title: evil, lines: [evil], link: null },
        AT,
      );

      expect(body).not.toMatch(/<|\[click\]|@all|`/);
    },
  );
});
