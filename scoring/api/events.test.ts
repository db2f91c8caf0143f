import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { alertOf, ask, createPlant, NOW, PRESS, startTestApi } from '../../tests/support/api-plant.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import { createEventRing } from './event-ring.ts';
import { AlertView, EpisodeView, EquipmentEvent, HealthAnswer } from './schemas.ts';
import type { ApiServer } from './server.ts';

type Received = { readonly id: string; readonly event: string; readonly data: unknown };
type Reader = { readonly response: IncomingMessage; readonly received: Received[]; readonly leave: () => void };

let folder: string;
let store: EmbeddedStore;
let plant: ReturnType<typeof createPlant>;
let api: ApiServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-events-'));
  store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  plant = createPlant(store);
  api = await startTestApi({ store, alerts: store, view: plant });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function read(lastEventId?: string): Promise<Reader> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const call = request({ host: '127.0.0.1', port: api.port, path: '/api/v1/events', headers, agent: false });
  call.on('error', () => undefined);
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const received: Received[] = [];
  let rest = '';
  response.setEncoding('utf8');
  response.on('error', () => undefined);
  response.on('data', (chunk: string) => {
    const frames = (rest + chunk).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1] ?? '';
      if (field('event') !== '') {
        received.push({ id: field('id'), event: field('event'), data: JSON.parse(field('data')) });
      }
    }
  });
  return { response, received, leave: () => call.destroy() };
}
const has = (reader: Reader, event: string, count = 1) =>
  vi.waitFor(() => expect(reader.received.filter((one) => one.event === event)).toHaveLength(count), { timeout: 5000 });

const episode = {
  id: 'episode-1',
  path: PRESS,
  from: NOW,
  to: null,
  peakScore: 0.99,
  peakAt: NOW,
  context: 'run',
  model: 'pca-1',
  contributions: [],
};

describe('live events', () => {
  it('begin with the state of the whole plant', async () => {
    const reader = await read();
    await has(reader, 'health');
    expect(reader.response.headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8' });
    expect(reader.response.headers['cache-control']).toBe('no-store');
    expect(reader.response.headers['content-security-policy']).toContain("default-src 'none'");
    expect(reader.received.map((one) => one.event)).toEqual(['equipment', 'health']);
    expect(reader.received[0]?.data).toMatchObject({ items: plant.equipment().map(({ path }) => ({ path })) });
  });

  it('carry every kind in the form of its schema', async () => {
    const reader = await read();
    await has(reader, 'health');
    plant.emit({ kind: 'anomaly', episode });
    plant.emit({ kind: 'alert', alert: alertOf('alert-1') });
    plant.emit({ kind: 'health', health: plant.health() });
    plant.emit({ kind: 'equipment', nodes: plant.equipment().slice(0, 1) });
    await has(reader, 'equipment', 2);
    const schemas = { equipment: EquipmentEvent, anomaly: EpisodeView, alert: AlertView, health: HealthAnswer };
    expect(reader.received.map((one) => one.event)).toEqual([
      'equipment',
      'health',
      'anomaly',
      'alert',
      'health',
      'equipment',
    ]);
    for (const { event, data } of reader.received) {
      expect([...Compile(schemas[event as keyof typeof schemas]).Errors(data)]).toEqual([]);
    }
  });

  it('merge equipment changes to one event a second with the newest state', async () => {
    const reader = await read();
    await has(reader, 'health');
    const [site] = plant.equipment();
    for (const powerKw of [1, 2, 3, 4]) {
      plant.emit({
        kind: 'equipment',
        nodes: site === undefined ? [] : [{ ...site, live: { ...site.live, powerKw } }],
      });
    }
    await has(reader, 'equipment', 3);
    const powers = reader.received
      .filter((one) => one.event === 'equipment')
      .map((one) => (one.data as { items: { live: { powerKw: number } }[] }).items[0]?.live.powerKw);
    expect(powers).toEqual([41.5, 1, 4]);
  });

  it('go on where a reader left off', async () => {
    const first = await read();
    await has(first, 'health');
    plant.emit({ kind: 'alert', alert: alertOf('alert-1') });
    await has(first, 'alert');
    const lastId = first.received.at(-1)?.id ?? '';
    first.leave();
    plant.emit({ kind: 'alert', alert: alertOf('alert-2') });
    plant.emit({ kind: 'anomaly', episode });
    const second = await read(lastId);
    await has(second, 'anomaly');
    expect(second.received.map((one) => one.event)).toEqual(['alert', 'anomaly']);
    expect(second.received[0]?.data).toMatchObject({ id: 'alert-2' });
  });

  it('begin anew for an id of an earlier run', async () => {
    const reader = await read('0123456789ab-7');
    await has(reader, 'health');
    expect(reader.received.map((one) => one.event)).toEqual(['equipment', 'health']);
  });

  it('end at once when the server closes', async () => {
    const reader = await read();
    await has(reader, 'health');
    const ended = once(reader.response, 'close');
    await api[Symbol.asyncDispose]();
    await ended;
    expect(reader.response.complete || reader.response.destroyed).toBe(true);
  });

  it('drop a reader that does not read, and go on for the others', async () => {
    const slow = await read();
    slow.response.pause();
    const quick = await read();
    await has(quick, 'health');
    const message = 'x'.repeat(1_000_000);
    for (let number = 1; number <= 30; number += 1) {
      plant.emit({ kind: 'alert', alert: alertOf(`alert-${number}`, { message }) });
      await has(quick, 'alert', number);
    }
    expect((await ask(api, '/metrics')).text).toContain('joulegate_sse_dropped_total 1');
    quick.leave();
    slow.leave();
  });
});

describe('the ring of events', () => {
  const ring = (events: number, bytes = 1_000_000) => createEventRing({ run: 'run', events, bytes });

  it('hands out what came after an id, and nothing at the newest', () => {
    const events = ring(10);
    events.push('alert', 1);
    events.push('alert', 2);
    expect(events.after('run-1')?.map((one) => one.number)).toEqual([2]);
    expect(events.after('run-2')).toEqual([]);
    expect(events.lastId()).toBe('run-2');
  });

  it('knows when it has forgotten: by count, by bytes, and by run', () => {
    const byCount = ring(2);
    for (const number of [1, 2, 3, 4]) byCount.push('alert', number);
    expect(byCount.after('run-2')?.map((one) => one.number)).toEqual([3, 4]);
    expect(byCount.after('run-1')).toBeNull();
    const byBytes = ring(100, 60);
    for (const number of [1, 2, 3]) byBytes.push('alert', number);
    expect(byBytes.after('run-0')).toBeNull();
    expect(byCount.after('other-3')).toBeNull();
  });

  it.each(['', 'run-', 'run-99', 'run--1', 'run-1e0', 'run-99999999999999999999', '\u0000'])(
    'takes the strange id %j for unknown',
    (id) => {
      const events = ring(10);
      events.push('alert', 1);
      expect(events.after(id)).toBeNull();
    },
  );
});
