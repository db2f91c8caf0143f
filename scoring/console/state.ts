import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import type {
  AlertView,
  AnomalyAnswer,
  EnergyAnswer,
  EpisodeView,
  EquipmentAnswer,
  EquipmentView,
  HealthAnswer,
  TargetView,
} from './answers.ts';
import type { Failure } from './api-client.ts';
import type { Screen } from './route.ts';

/** Something that is loaded: a failed reload keeps the last value beside the failure. */
export type Loadable<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'failed'; readonly failure: Failure; readonly value: T | null };

export type Connection =
  | { readonly state: 'connecting'; readonly since: number }
  | { readonly state: 'open'; readonly since: number }
  | { readonly state: 'lost'; readonly since: number };

export type Liveness = { readonly state: 'connecting' | 'live' | 'stale' | 'offline'; readonly ageMs: number };

export const ranges = {
  '24h': { days: 1, window: '15m' },
  '7d': { days: 7, window: '1h' },
  '30d': { days: 30, window: '1d' },
} as const;
export type RangeName = keyof typeof ranges;

/** Without a newer value for so long the page is stale. */
export const STALE_AFTER_MS = 60_000;
/** A row whose newest value is this much older than the site's newest is old. */
export const ROW_OLD_AFTER_MS = 300_000;
const MOST_EPISODES = 50;
const MOST_ALERTS = 100;

/** Everything the page shows. */
export type ConsoleState = ReturnType<typeof createConsoleState>;

/** @param startedAt epoch ms */
export function createConsoleState(startedAt: number) {
  const nodes = new Map<string, Signal<EquipmentView>>();
  const order = signal<readonly string[]>([]);
  const site = signal<EquipmentAnswer['site'] | null>(null);
  const equipment = signal<Loadable<null>>({ state: 'loading' });
  const connection = signal<Connection>({ state: 'connecting', since: startedAt });
  const now = signal(startedAt);
  /** Newest event time of the plant and when the browser learned of it. */
  const newest = signal<{ readonly at: number; readonly learnedAt: number; readonly ageMs: number } | null>(null);
  const alerts = signal<Loadable<readonly AlertView[]>>({ state: 'loading' });

  const liveness = computed<Liveness>(() => {
    const link = connection.value;
    const at = now.value;
    if (link.state === 'connecting') return { state: 'connecting', ageMs: at - link.since };
    const data = newest.value;
    const ageMs = data === null ? at - startedAt : data.ageMs + at - data.learnedAt;
    if (link.state === 'lost') return { state: 'offline', ageMs: at - link.since };
    return { state: ageMs > STALE_AFTER_MS ? 'stale' : 'live', ageMs };
  });
  const suspects: ReadonlySignal<ReadonlyMap<string, AlertView>> = computed(() => {
    const list = alerts.value.state === 'loading' ? null : alerts.value.value;
    return new Map(
      (list ?? []).filter(makesSuspect).map((alert): [string, AlertView] => [alert.equipment ?? '', alert]),
    );
  });

  return {
    nodes,
    order,
    site,
    equipment,
    connection,
    now,
    newest,
    liveness,
    suspects,
    alerts,
    /** Server clock minus browser clock, ms. */
    clockOffsetMs: signal(0),
    anomalies: signal<Loadable<readonly EpisodeView[]>>({ state: 'loading' }),
    target: signal<Loadable<readonly TargetView[]>>({ state: 'loading' }),
    health: signal<Loadable<HealthAnswer>>({ state: 'loading' }),
    trend: signal<Loadable<EnergyAnswer>>({ state: 'loading' }),
    scores: signal<Loadable<AnomalyAnswer>>({ state: 'loading' }),
    screen: signal<Screen>('plant'),
    selected: signal(''),
    range: signal<RangeName>('24h'),
    search: signal(''),
    collapsed: signal<ReadonlySet<string>>(new Set()),
    needsSignIn: signal(false),
    /** This page has signed in by token and may sign out. */
    signedIn: signal(false),
    /** The newest alert, for people who cannot see the list move. */
    announced: signal<AlertView | null>(null),
  };
}

/** Figures of an object with such an alert may be wrong; the alert of an anomaly says nothing about the data. */
export function makesSuspect(alert: AlertView): boolean {
  return (
    alert.equipment !== null &&
    alert.rule !== 'anomaly' &&
    alert.condition === 'active' &&
    alert.review !== 'closed' &&
    alert.severity !== 'info'
  );
}

/** Takes objects in; only signals of those that changed are touched. Returns whether an unknown object was among them. */
export function takeEquipment(state: ConsoleState, items: readonly EquipmentView[], now: number): boolean {
  let unknown = false;
  for (const item of items) {
    const known = state.nodes.get(item.path);
    if (known === undefined) unknown = true;
    else known.value = item;
    if (item.live.at !== null) noteTime(state, item.live.at, now);
  }
  return unknown;
}

/** Puts the whole tree in place. */
export function replaceEquipment(state: ConsoleState, answer: EquipmentAnswer, now: number): void {
  const paths = answer.items.map(({ path }) => path);
  const kept = new Set(paths);
  for (const path of state.nodes.keys()) if (!kept.has(path)) state.nodes.delete(path);
  for (const item of answer.items) {
    const known = state.nodes.get(item.path);
    if (known === undefined) state.nodes.set(item.path, newNode(item));
    else known.value = item;
    if (item.live.at !== null) noteTime(state, item.live.at, now);
  }
  const before = state.order.peek();
  const isSame = before.length === paths.length && paths.every((path, index) => path === before[index]);
  if (!isSame) state.order.value = paths;
  state.site.value = answer.site;
  state.equipment.value = { state: 'ready', value: null };
}

const newNode = (item: EquipmentView): Signal<EquipmentView> => signal(item);

/**
 * The age of the first value heard is told by the server's clock. Later ones are new because they are newer than the
 * one before, so a replay of an old record counts as live.
 */
function noteTime(state: ConsoleState, instant: string, now: number): void {
  const at = Date.parse(instant);
  const before = state.newest.peek();
  if (!Number.isFinite(at) || (before !== null && at <= before.at)) return;
  const ageMs = before === null ? Math.max(0, now + state.clockOffsetMs.peek() - at) : 0;
  state.newest.value = { at, learnedAt: now, ageMs };
}

/** Newest first, one entry per id. */
export function upsertNewest<T extends { readonly id: string }>(
  list: readonly T[],
  item: T,
  compare: (a: T, b: T) => number,
  most: number,
): readonly T[] {
  return [item, ...list.filter(({ id }) => id !== item.id)].sort(compare).slice(0, most);
}

/** Takes an episode in. */
export function takeEpisode(state: ConsoleState, episode: EpisodeView): void {
  const list = state.anomalies.value.state === 'loading' ? [] : (state.anomalies.value.value ?? []);
  const value = upsertNewest(list, episode, (a, b) => Date.parse(b.from) - Date.parse(a.from), MOST_EPISODES);
  state.anomalies.value = { state: 'ready', value };
}

/** Takes an alert in; a new one is announced. */
export function takeAlert(state: ConsoleState, alert: AlertView): void {
  const list = state.alerts.value.state === 'loading' ? [] : (state.alerts.value.value ?? []);
  const isNew = alert.review === 'new' && !list.some(({ id }) => id === alert.id);
  const open = alert.review === 'closed' ? list.filter(({ id }) => id !== alert.id) : null;
  const value = open ?? upsertNewest(list, alert, (a, b) => Date.parse(b.last) - Date.parse(a.last), MOST_ALERTS);
  state.alerts.value = { state: 'ready', value };
  if (isNew) state.announced.value = alert;
}
