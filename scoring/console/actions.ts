import { batch, effect, type Signal } from '@preact/signals';
import type { EquipmentView } from './answers.ts';
import type { Answer, ApiClient, EnergyRange, Failure } from './api-client.ts';
import type { ApiPosts } from './generated/api-types.ts';
import { zoneClock } from './format.ts';
import { listenToEvents } from './live-stream.ts';
import {
  ranges,
  replaceEquipment,
  takeAlert,
  takeEpisode,
  takeEquipment,
  type ConsoleState,
  type Loadable,
} from './state.ts';

const DAY_MS = 86_400_000;
const CHART_RELOAD_MS = 60_000;
const TARGET_RELOAD_MS = 300_000;
const EPISODES_SHOWN = 30;
const MOST_A_FRAME = 100;

/** What the page can do. */
export type Actions = ReturnType<typeof createActions>;

/** Connects state and API. */
export function createActions(state: ConsoleState, api: ApiClient, now: () => number) {
  const asked = new Map<Signal<never>, number>();
  const pending = new Map<string, EquipmentView>();
  let frame = 0;
  let stop: (() => void) | null = null;

  /** Loads into a signal; an answer that a later request has overtaken is dropped. */
  const load = async <A, T>(
    into: Signal<Loadable<T>>,
    request: () => Promise<Answer<A>>,
    pick: (answer: A) => T,
  ): Promise<void> => {
    const key = into as unknown as Signal<never>;
    const turn = (asked.get(key) ?? 0) + 1;
    asked.set(key, turn);
    const answer = await request();
    if (asked.get(key) !== turn) return;
    if (answer.ok) {
      into.value = { state: 'ready', value: pick(answer.value) };
      return;
    }
    noteFailure(answer.failure);
    const before = into.peek();
    into.value = { state: 'failed', failure: answer.failure, value: before.state === 'loading' ? null : before.value };
  };
  const noteFailure = (failure: Failure) => {
    if (failure.kind === 'sign-in') state.needsSignIn.value = true;
  };

  const loadEquipment = async () => {
    const answer = await api.equipment();
    batch(() => {
      if (answer.ok) {
        replaceEquipment(state, answer.value, now());
        return;
      }
      noteFailure(answer.failure);
      const known = state.equipment.peek().state === 'ready' && state.order.peek().length > 0;
      if (!known) state.equipment.value = { state: 'failed', failure: answer.failure, value: null };
    });
  };
  const loadAlerts = () => load(state.alerts, api.alerts, ({ items }) => items);
  const loadAnomalies = () =>
    load(
      state.anomalies,
      () => api.anomalies({ path: '', limit: EPISODES_SHOWN }),
      ({ items }) => items,
    );
  const loadTarget = () => load(state.target, api.target, ({ items }) => items);
  const loadHealth = () => load(state.health, api.health, (health) => health);
  const loadTrend = () =>
    load(
      state.trend,
      () => api.energy(energyRange(state, now())),
      (answer) => answer,
    );
  const loadScores = () => {
    const to = chartEnd(state, now());
    return load(
      state.scores,
      () => api.anomalies({ path: state.selected.peek(), from: iso(to - DAY_MS), to: iso(to), limit: 20 }),
      (answer) => answer,
    );
  };
  /** An address may name an object that is gone or has not come yet. */
  const loadCharts = async () => {
    if (state.nodes.has(state.selected.peek())) await Promise.all([loadTrend(), loadScores()]);
  };
  const loadAll = async () => {
    await Promise.all([loadEquipment(), loadAlerts(), loadAnomalies(), loadTarget(), loadHealth()]);
  };

  const flush = () => {
    const items = [...pending.values()].slice(0, MOST_A_FRAME);
    for (const { path } of items) pending.delete(path);
    // The rest waits for the next frame: a thousand machines at once would hold up a list that is being scrolled.
    frame = pending.size === 0 ? 0 : requestAnimationFrame(flush);
    let unknown = false;
    batch(() => {
      unknown = takeEquipment(state, items, now());
    });
    if (unknown) void loadEquipment();
  };

  const listen = () =>
    listenToEvents({
      onOpen: () => {
        const again = state.connection.peek().state === 'lost';
        state.connection.value = { state: 'open', since: now() };
        if (again) void loadAll().then(loadCharts);
      },
      onLost: () => {
        if (state.connection.peek().state === 'lost') return;
        state.connection.value = { state: 'lost', since: now() };
        void loadHealth();
      },
      onEquipment: ({ items }) => {
        for (const item of items) pending.set(item.path, item);
        if (frame === 0) frame = requestAnimationFrame(flush);
      },
      onAnomaly: (episode) => takeEpisode(state, episode),
      onAlert: (alert) => takeAlert(state, alert),
      onHealth: (health) => {
        state.health.value = { state: 'ready', value: health };
      },
    });

  const start = async (): Promise<void> => {
    await loadAll();
    if (state.needsSignIn.peek() || stop !== null) return;
    const ends = [
      listen(),
      every(CHART_RELOAD_MS, () => void loadCharts()),
      every(TARGET_RELOAD_MS, () => void loadTarget()),
      effect(() => {
        // Read here, so that a change of any loads again.
        void [state.selected.value, state.range.value, state.order.value];
        void loadCharts();
      }),
    ];
    stop = () => {
      for (const end of ends) end();
      stop = null;
    };
  };

  return {
    /** Asks the API; an expired session opens the sign-in over the page. */
    get: async <T>(path: string, query?: Readonly<Record<string, string | number>>): Promise<Answer<T>> => {
      const answer = await api.get<T>(path, query);
      if (!answer.ok) noteFailure(answer.failure);
      return answer;
    },
    /** Sends to the API what a person has decided; an expired session opens the sign-in over the page. */
    post: async <Path extends keyof ApiPosts>(
      path: Path,
      body: ApiPosts[Path] extends { readonly body: infer Body } ? Body : undefined,
    ): Promise<Answer<ApiPosts[Path]['answer']>> => {
      const answer = await api.post(path, body);
      if (!answer.ok) noteFailure(answer.failure);
      return answer;
    },
    loadEquipment,
    loadAlerts,
    loadAnomalies,
    loadTarget,
    loadHealth,
    loadTrend,
    loadScores,
    start,
    /** Shows another object. */
    select: (path: string) => {
      if (state.selected.peek() === path) return;
      batch(() => {
        state.selected.value = path;
        state.trend.value = { state: 'loading' };
        state.scores.value = { state: 'loading' };
      });
    },
    toggle: (path: string) => {
      const collapsed = new Set(state.collapsed.peek());
      if (!collapsed.delete(path)) collapsed.add(path);
      state.collapsed.value = collapsed;
    },
    acknowledge: async (id: string): Promise<Failure | null> => {
      const answer = await api.acknowledge(id);
      if (answer.ok) {
        takeAlert(state, answer.value);
        return null;
      }
      noteFailure(answer.failure);
      return answer.failure;
    },
    signIn: async (token: string): Promise<Failure | null> => {
      const answer = await api.signIn(token);
      if (!answer.ok) return answer.failure;
      state.needsSignIn.value = false;
      state.signedIn.value = true;
      await start();
      return null;
    },
    signOut: async (): Promise<void> => {
      await api.signOut();
      stop?.();
      state.site.value = null;
      state.signedIn.value = false;
      state.needsSignIn.value = true;
    },
  };
}

/**
 * Where charts end: the server's now, unless the plant's newest value is ahead of it or more than a day behind,
 * as in a replay of an old record; then there.
 */
export function chartEnd(state: ConsoleState, browserNow: number): number {
  const serverNow = browserNow + state.clockOffsetMs.peek();
  const newest = state.newest.peek()?.at ?? serverNow;
  return newest > serverNow || serverNow - newest > DAY_MS ? newest + 1000 : serverNow;
}

function energyRange(state: ConsoleState, browserNow: number): EnergyRange {
  const { days, window } = ranges[state.range.peek()];
  const to = chartEnd(state, browserNow);
  const timezone = state.site.peek()?.timezone ?? 'UTC';
  const from = window === '1d' ? zoneClock(to - (days - 1) * DAY_MS, timezone).slice(0, 10) : iso(to - days * DAY_MS);
  return { path: state.selected.peek(), from, to: iso(to), window };
}

const iso = (at: number) => new Date(at).toISOString();

function every(ms: number, run: () => void): () => void {
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') run();
  }, ms);
  return () => clearInterval(timer);
}
