import { createHmac } from 'node:crypto';
import { JoulegateError } from '../../broker/contract/error.ts';
import type { Channel } from './channel.ts';
import type { HookSection } from './config.ts';
import { isLoopbackHost } from './loopback.ts';
import type { Message } from './message.ts';

type Request = { readonly url: URL; readonly headers: Readonly<Record<string, string>>; readonly body: string };
type Format = HookSection['format'];

/** Bytes of text a robot takes; DingTalk and Feishu take 20 KB, WeCom 4 KB. */
const MOST_BYTES: Readonly<Record<Format, number>> = { json: 65_536, dingtalk: 18_000, wecom: 4000, feishu: 18_000 };
const MOST_ANSWER_BYTES = 16_384;
const TIMEOUT_MS = 10_000;

/**
 * A webhook that takes JSON, or a robot of DingTalk (钉钉), WeCom (企业微信) or Feishu (飞书).
 * @throws JoulegateError CONFIG_INVALID
 */
export function createHookChannel(hook: HookSection, now: () => number): Channel {
  const name = `${hook.format} "${hook.id}"`;
  const address = URL.parse(hook.url);
  if (address === null || (address.protocol === 'http:' && !isLoopbackHost(address.hostname))) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `scoring.notifications.hooks "${hook.id}": url must be https (http only to this machine)`,
    );
  }
  return {
    name,
    async send(message, signal) {
      const { url, headers, body } = requestOf(hook, message, now());
      let response: Response;
      let text: string;
      try {
        response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
          body,
          redirect: 'error',
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        });
        text = await readSome(response);
      } catch (error) {
        throw failed(name, reasonOf(error));
      }
      if (response.status === 429 || response.status >= 500) throw failed(name, `status ${response.status}`);
      if (!response.ok) throw refused(name, `status ${response.status}`);
      const code = answerCode(hook.format, text);
      if (code !== 0) {
        const retry = BUSY_CODES.has(code);
        throw (retry ? failed : refused)(name, `code ${code}${Number.isNaN(code) ? ' (no answer of a robot)' : ''}`);
      }
    },
  };
}

/** Codes that mean "too many, later": DingTalk 130101 and 410100, WeCom 45009, Feishu 9499 and 11232. */
const BUSY_CODES: ReadonlySet<number> = new Set([130_101, 410_100, 45_009, 9499, 11_232, -1]);

/** What is sent. Pure: the instant (epoch ms) goes into the signatures. */
export function requestOf(hook: HookSection, message: Message, at: number): Request {
  const url = new URL(hook.url);
  const most = MOST_BYTES[hook.format];
  switch (hook.format) {
    case 'dingtalk': {
      if (hook.token !== undefined) {
        url.searchParams.set('timestamp', String(at));
        url.searchParams.set('sign', hmac(hook.token, `${at}\n${hook.token}`));
      }
      const markdown = { title: harmless(message.title), text: markdownOf(message, most) };
      return { url, headers: {}, body: JSON.stringify({ msgtype: 'markdown', markdown }) };
    }
    case 'wecom':
      return {
        url,
        headers: {},
        body: JSON.stringify({ msgtype: 'markdown', markdown: { content: markdownOf(message, most) } }),
      };
    case 'feishu': {
      const seconds = Math.floor(at / 1000);
      const sign =
        hook.token === undefined ? {} : { timestamp: String(seconds), sign: hmac(`${seconds}\n${hook.token}`, '') };
      const text = cut(
        [...[message.title, ...message.lines].map(harmless), ...(message.link === null ? [] : [message.link])].join(
          '\n',
        ),
        most,
      );
      return { url, headers: {}, body: JSON.stringify({ ...sign, msg_type: 'text', content: { text } }) };
    }
    case 'json': {
      const { title, lines, link, news } = message;
      const alerts = news.map(({ kind, alert: { key: _key, first, last, ...alert } }) => ({
        kind,
        ...alert,
        first: new Date(first).toISOString(),
        last: new Date(last).toISOString(),
      }));
      const body = JSON.stringify({ title, lines, link, sentAt: new Date(at).toISOString(), alerts });
      const signature =
        hook.token === undefined
          ? {}
          : {
              'x-joulegate-signature': `t=${at},v1=${createHmac('sha256', hook.token).update(`${at}.${body}`).digest('hex')}`,
            };
      return { url, headers: signature, body };
    }
    default:
      return hook.format satisfies never;
  }
}

const hmac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('base64');

/** Names come from machines: what a robot would take for a link, a mention or a mark becomes its full-width twin. */
const harmless = (text: string): string =>
  text.replaceAll(/[[\]<>*`#@|~\\]/g, (mark) => String.fromCharCode(mark.charCodeAt(0) + FULL_WIDTH));

/** From ASCII to its full-width form. */
const FULL_WIDTH = 0xfee0;

function markdownOf({ title, lines, link }: Message, most: number): string {
  const tail = link === null ? '' : `\n\n[Joulegate](${link})`;
  return cut(`**${harmless(title)}**\n\n${lines.map(harmless).join('\n\n')}`, most - Buffer.byteLength(tail)) + tail;
}

function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  return `${Buffer.from(text)
    .subarray(0, bytes - 6)
    .toString('utf8')
    .replace(/\uFFFD+$/u, '')}…`;
}

/** 0 = accepted; robots answer 200 with a code of their own. */
function answerCode(format: Format, text: string): number {
  if (format === 'json') return 0;
  try {
    const answer = JSON.parse(text) as { errcode?: unknown; code?: unknown; StatusCode?: unknown };
    return Number(format === 'feishu' ? (answer.code ?? answer.StatusCode) : answer.errcode);
  } catch {
    return Number.NaN;
  }
}

async function readSome(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MOST_ANSWER_BYTES) break;
  }
  return text;
}

/** Only the code of the network: a message of fetch may quote the address, which has the key of a robot in it. */
function reasonOf(error: unknown): string {
  const { name, cause } = Object(error) as { readonly name?: unknown; readonly cause?: unknown };
  const { code } = Object(cause) as { readonly code?: unknown };
  return typeof code === 'string'
    ? code
    : name === 'TimeoutError'
      ? `no answer in ${TIMEOUT_MS / 1000} s`
      : 'no connection';
}

const failed = (name: string, reason: string): JoulegateError =>
  new JoulegateError('NOTIFICATION_FAILED', `${name} did not take a message: ${reason}; it is tried again`);
const refused = (name: string, reason: string): JoulegateError =>
  new JoulegateError(
    'NOTIFICATION_REFUSED',
    `${name} refuses messages: ${reason}; check url, token and the security settings of the robot (scoring.notifications.hooks)`,
  );
