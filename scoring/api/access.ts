import type { IncomingHttpHeaders } from 'node:http';
import { sameSecret, type Sessions } from './sessions.ts';

/** Who may call a route. `sign-in` is the default: a route that says nothing is closed. */
export type Access = 'public' | 'loopback' | 'sign-in';

export type AccessRequest = {
  readonly access: Access;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string;
  /** Value of the session cookie. */
  readonly session: string | undefined;
};

export type AccessRules = {
  readonly token: string;
  readonly openLoopback: boolean;
  readonly sessions: Sessions;
  /** `http://` or `https://`. */
  readonly scheme: 'http' | 'https';
  readonly port: () => number;
};

export type AccessVerdict =
  | { readonly kind: 'allowed'; readonly by: 'token' | 'session' | 'local' | 'anyone' }
  /** `guess`: a wrong secret was shown, the answer is held back. */
  | { readonly kind: 'refused'; readonly guess: boolean; readonly en: string; readonly zh: string };

const SIGN_IN = {
  en: 'sign in: send "Authorization: Bearer TOKEN" or open a session with POST /api/v1/session',
  zh: '请登录：发送 "Authorization: Bearer 令牌"，或用 POST /api/v1/session 建立会话',
};
const CROSS_SITE = {
  en: 'a change needs the headers "x-joulegate: console" and "content-type: application/json" and must come from the console itself, or a bearer token',
  zh: '修改操作需要请求头 "x-joulegate: console" 和 "content-type: application/json"，且必须来自控制台本身，或使用令牌',
};

/** Whether a request may go on. A shown but wrong token never falls back to weaker ways in. */
export function decideAccess(request: AccessRequest, rules: AccessRules): AccessVerdict {
  if (request.access === 'public') return { kind: 'allowed', by: 'anyone' };
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
    return sameSecret(token, rules.token)
      ? { kind: 'allowed', by: 'token' }
      : { kind: 'refused', guess: true, en: `the token is not valid; ${SIGN_IN.en}`, zh: `令牌无效；${SIGN_IN.zh}` };
  }
  const by = wayIn(request, rules);
  if (by === null) return { kind: 'refused', guess: false, ...SIGN_IN };
  if (isRead(request.method) || isFromConsole(request, rules)) return { kind: 'allowed', by };
  return { kind: 'refused', guess: false, ...CROSS_SITE };
}

/** Whether a browser would send this from a page of ours: no other origin, and no other site's navigation. */
export function isSameOrigin(headers: IncomingHttpHeaders, scheme: 'http' | 'https'): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  return headers.origin === undefined || headers.origin === `${scheme}://${headers.host ?? ''}`;
}

export function isLoopbackAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '');
  return plain === '::1' || /^127(\.\d{1,3}){3}$/.test(plain);
}

function wayIn(request: AccessRequest, rules: AccessRules): 'session' | 'local' | null {
  if (request.session !== undefined && rules.sessions.use(request.session)) return 'session';
  const open = rules.openLoopback || request.access === 'loopback';
  return open && isLoopbackAddress(request.remoteAddress) && isOwnHost(request.headers.host, rules) ? 'local' : null;
}

/** A name that a foreign DNS points at this machine must not open what is open to this machine (DNS rebinding). */
function isOwnHost(host: string | undefined, rules: AccessRules): boolean {
  const port = rules.port();
  const suffix = port === (rules.scheme === 'http' ? 80 : 443) ? ['', `:${port}`] : [`:${port}`];
  return ['127.0.0.1', 'localhost', '[::1]'].some((name) => suffix.some((end) => host?.toLowerCase() === name + end));
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function isFromConsole({ headers }: AccessRequest, rules: AccessRules): boolean {
  const json = /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');
  return headers['x-joulegate'] === 'console' && json && isSameOrigin(headers, rules.scheme);
}
