import type {
  AlertAnswer,
  AlertView,
  AnomalyAnswer,
  EnergyAnswer,
  EquipmentAnswer,
  HealthAnswer,
  ProblemDetails,
  TargetAnswer,
} from './answers.ts';
import type { ApiPosts } from './generated/api-types.ts';

/** Why a request gave no answer. */
export type Failure =
  | { readonly kind: 'sign-in'; readonly detail: string }
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string }
  | { readonly kind: 'unreachable' };

/** An answer or the reason why there is none; requests never throw. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export type EnergyRange = {
  readonly path: string;
  readonly from: string;
  readonly to: string;
  readonly window: '15m' | '1h' | '1d';
};

/** The API as the console uses it. */
export type ApiClient = {
  readonly equipment: () => Promise<Answer<EquipmentAnswer>>;
  readonly energy: (range: EnergyRange) => Promise<Answer<EnergyAnswer>>;
  readonly anomalies: (query: {
    readonly path: string;
    readonly from?: string;
    readonly to?: string;
    readonly limit?: number;
  }) => Promise<Answer<AnomalyAnswer>>;
  readonly alerts: () => Promise<Answer<AlertAnswer>>;
  readonly acknowledge: (id: string) => Promise<Answer<AlertView>>;
  readonly target: () => Promise<Answer<TargetAnswer>>;
  readonly health: () => Promise<Answer<HealthAnswer>>;
  /** Any other answer of the API, by its path below /api/v1. */
  readonly get: <T>(path: string, query?: Readonly<Record<string, string | number>>) => Promise<Answer<T>>;
  /** Any change the API takes, by its path below /api/v1. */
  readonly post: <Path extends keyof ApiPosts>(path: Path, body: unknown) => Promise<Answer<ApiPosts[Path]['answer']>>;
  readonly signIn: (token: string) => Promise<Answer<null>>;
  readonly signOut: () => Promise<Answer<null>>;
};

const TIMEOUT_MS = 20_000;

/**
 * @param options.language language of refusals
 * @param options.onServerTime called with the server's clock, epoch ms, at every answer
 */
export function createApiClient(options: {
  readonly language: () => string;
  readonly onServerTime: (at: number) => void;
}): ApiClient {
  const send = async <T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer<T>> => {
    const headers: Record<string, string> = { accept: 'application/json', 'accept-language': options.language() };
    if (method !== 'GET') {
      headers['content-type'] = 'application/json';
      headers['x-joulegate'] = 'console';
    }
    try {
      const response = await fetch(`/api/v1/${path}`, {
        method,
        headers,
        credentials: 'same-origin',
        cache: 'no-store',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
      });
      const serverTime = Date.parse(response.headers.get('date') ?? '');
      if (Number.isFinite(serverTime)) options.onServerTime(serverTime);
      if (response.ok) return { ok: true, value: (response.status === 204 ? null : await response.json()) as T };
      const problem = (await response.json().catch(() => ({}))) as Partial<ProblemDetails>;
      const detail = problem.detail ?? problem.title ?? `HTTP ${response.status}`;
      return {
        ok: false,
        failure:
          response.status === 401 ? { kind: 'sign-in', detail } : { kind: 'refused', status: response.status, detail },
      };
    } catch {
      return { ok: false, failure: { kind: 'unreachable' } };
    }
  };
  return {
    equipment: () => send('GET', 'equipment'),
    energy: (range) => send('GET', `energy?${search(range)}`),
    anomalies: (query) => send('GET', `anomalies?${search(query)}`),
    alerts: () => send('GET', 'alerts?open=true&limit=50'),
    acknowledge: (id) => send('POST', `alerts/${encodeURIComponent(id)}/acknowledge`),
    target: () => send('GET', 'target'),
    health: () => send('GET', 'health'),
    get: (path, query = {}) => send('GET', Object.keys(query).length === 0 ? path : `${path}?${search(query)}`),
    post: (path, body) => send('POST', path, body),
    signIn: (token) => send('POST', 'session', { token }),
    signOut: () => send('DELETE', 'session'),
  };
}

function search(query: Readonly<Record<string, string | number>>): string {
  return new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
}
