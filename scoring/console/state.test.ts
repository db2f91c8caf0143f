import { describe, expect, it } from 'vitest';
import type { AlertView, EquipmentAnswer, EquipmentView } from './answers.ts';
import {
  createConsoleState,
  makesSuspect,
  replaceEquipment,
  takeAlert,
  takeEquipment,
  type ConsoleState,
} from './state.ts';

const START = Date.parse('2026-11-23T08:00:00+08:00');
const iso = (at: number) => new Date(at).toISOString();

function machine(path: string, at: number | null, powerKw: number | null = 10): EquipmentView {
  return {
    path,
    parent: path === '' ? null : '',
    level: path === '' ? 'site' : 'equipment',
    name: path,
    displayName: {},
    kind: null,
    state: null,
    live: {
      at: at === null ? null : iso(at),
      powerKw,
      energyTodayKwh: null,
      outputToday: null,
      secToday: null,
      secHour: null,
      secReason: null,
      idleShareToday: null,
      coverageToday: null,
      classToday: null,
      anomalyScore: null,
      anomalyReason: null,
      anomalyAlarm: false,
    },
    tags: [],
  };
}

function answer(items: EquipmentView[]): EquipmentAnswer {
  const site = { name: 'pudong', displayName: {}, enterprise: 'acme', timezone: 'Asia/Shanghai' };
  return { site, units: { power: 'kW', energy: 'kW.h', sec: 'kW.h/{eq}' }, items };
}

function alert(change: Partial<AlertView> = {}): AlertView {
  return {
    id: 'a1',
    rule: 'loss-of-view',
    severity: 'high',
    condition: 'active',
    review: 'new',
    title: { en: 'Loss of view', zh: '失去监视' },
    message: 'away',
    equipment: 'press-1',
    subject: null,
    technique: null,
    first: iso(START),
    last: iso(START),
    count: 1,
    acknowledgedBy: null,
    acknowledgedAt: null,
    disposition: null,
    assignee: null,
    shelvedUntil: null,
    version: 0,
    principal: null,
    incident: null,
    flood: null,
    episode: null,
    learnable: false,
    ...change,
  };
}

function liveState(): ConsoleState {
  const state = createConsoleState(START);
  replaceEquipment(state, answer([machine('', START), machine('press-1', START), machine('press-2', START)]), START);
  state.connection.value = { state: 'open', since: START };
  return state;
}

describe('the objects', () => {
  it('are there when the site is the only one', () => {
    const state = createConsoleState(START);
    replaceEquipment(state, answer([machine('', null)]), START);
    expect(state.order.value).toEqual(['']);
    expect(state.equipment.value.state).toBe('ready');
  });

  it('touch only the rows that changed', () => {
    const state = liveState();
    const seen: string[] = [];
    for (const [path, node] of state.nodes) node.subscribe(() => void seen.push(path));
    seen.length = 0;
    expect(takeEquipment(state, [machine('press-2', START + 1000, 12)], START + 1000)).toBe(false);
    expect(seen).toEqual(['press-2']);
  });

  it('tell when an unknown one comes, and forget one that is gone', () => {
    const state = liveState();
    expect(takeEquipment(state, [machine('press-9', START)], START)).toBe(true);
    replaceEquipment(state, answer([machine('', START), machine('press-1', START)]), START);
    expect([...state.nodes.keys()]).toEqual(['', 'press-1']);
  });
});

describe('the page', () => {
  it('is live while newer values come, and stale a minute after the last one', () => {
    const state = liveState();
    expect(state.liveness.value.state).toBe('live');
    state.now.value = START + 61_000;
    expect(state.liveness.value).toEqual({ state: 'stale', ageMs: 61_000 });
    takeEquipment(state, [machine('press-1', START + 61_000)], START + 61_000);
    expect(state.liveness.value.state).toBe('live');
  });

  it('is stale at once when the first values it hears are old', () => {
    const state = createConsoleState(START);
    state.connection.value = { state: 'open', since: START };
    replaceEquipment(state, answer([machine('', START - 7_200_000)]), START);
    expect(state.liveness.value).toEqual({ state: 'stale', ageMs: 7_200_000 });
  });

  it('is not stale because the clock of the browser is wrong', () => {
    const state = createConsoleState(START + 3_600_000);
    state.clockOffsetMs.value = -3_600_000;
    state.connection.value = { state: 'open', since: START };
    replaceEquipment(state, answer([machine('', START)]), START + 3_600_000);
    expect(state.liveness.value.state).toBe('live');
  });

  it('is live in a replay of an old record, as long as the record goes on', () => {
    const state = createConsoleState(START);
    const old = START - 1000 * 86_400_000;
    state.connection.value = { state: 'open', since: START };
    replaceEquipment(state, answer([machine('', old)]), START);
    takeEquipment(state, [machine('', old + 300_000)], START + 1000);
    expect(state.liveness.value.state).toBe('live');
  });

  it('is offline from the moment the stream is lost', () => {
    const state = liveState();
    state.connection.value = { state: 'lost', since: START + 5000 };
    state.now.value = START + 8000;
    expect(state.liveness.value).toEqual({ state: 'offline', ageMs: 3000 });
  });
});

describe('alerts', () => {
  it('are announced once, and replaced when they come again', () => {
    const state = liveState();
    takeAlert(state, alert());
    expect(state.announced.value?.id).toBe('a1');
    state.announced.value = null;
    takeAlert(state, alert({ count: 2 }));
    expect(state.announced.value).toBeNull();
    expect(state.alerts.value).toMatchObject({ state: 'ready', value: [{ id: 'a1', count: 2 }] });
  });

  it('leave the list when a person has closed them', () => {
    const state = liveState();
    takeAlert(state, alert());
    takeAlert(state, alert({ review: 'closed' }));
    expect(state.alerts.value).toMatchObject({ value: [] });
  });

  it('make the figures of their machine suspect, unless they are about its behaviour only', () => {
    const state = liveState();
    takeAlert(state, alert());
    expect([...state.suspects.value.keys()]).toEqual(['press-1']);
    expect(makesSuspect(alert({ rule: 'anomaly' }))).toBe(false);
    expect(makesSuspect(alert({ condition: 'cleared' }))).toBe(false);
    expect(makesSuspect(alert({ equipment: null }))).toBe(false);
  });
});
