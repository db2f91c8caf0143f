import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApi } from '../../../scoring/api/server.ts';
import { apiOptions, createPlant, HOUR_MS, hourWindow } from '../../support/api-plant.ts';
import type { EquipmentNode } from '../../../scoring/plant-view.ts';
import { EmbeddedStore } from '../../../scoring/store/embedded/embedded-store.ts';

const LINES_PER_AREA = 10;
const MACHINES_PER_LINE = 20;
const LIVE_MS = 1000;
const HOURS = 24 * 7;

/** A plant with so many machines behind the real API and the built console; every machine has new values each second. */
export async function startLargePlant(
  machines: number,
  consoleDir: string,
): Promise<AsyncDisposable & { readonly url: string }> {
  await using opening = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-bench-'));
  opening.defer(() => rm(folder, { recursive: true, force: true }));
  const store = opening.use(EmbeddedStore.open({ file: join(folder, 'store.db') }));
  const plant = createPlant(store);
  const site = plant.equipment()[0];
  if (site === undefined) throw new Error('the plant of the tests has no site');
  const paths = machinePaths(machines);
  const above = [...new Set(paths.flatMap((path) => parentsOf(path)))];
  const all = [...above, ...paths].sort();
  const nodesAt = (at: number): EquipmentNode[] => [
    at === 0 ? site : { ...site, live: { ...site.live, at } },
    ...all.map((path, index) => nodeOf(path, site, { at, index })),
  ];
  let nodes = nodesAt(Date.now());
  const now = Date.now();
  await store.write({
    windows: Array.from({ length: HOURS }, (_, hour) => {
      const start = Math.floor(now / HOUR_MS) * HOUR_MS - hour * HOUR_MS;
      return hourWindow(0, { path: '', level: 'site', start, end: start + HOUR_MS, energyKwh: 900 + (hour % 24) * 10 });
    }),
    scores: [],
    episodes: [],
    checkpoints: [],
  });
  const api = opening.use(
    await startApi({
      ...(await apiOptions()),
      store,
      alerts: store,
      view: { ...plant, equipment: () => nodes },
      consoleDir,
      now: Date.now,
    }),
  );
  const timer = setInterval(() => {
    nodes = nodesAt(Date.now());
    plant.emit({ kind: 'equipment', nodes });
  }, LIVE_MS);
  opening.defer(() => clearInterval(timer));
  const resources = opening.move();
  return { url: api.url, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const machinePaths = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => {
    const line = Math.floor(index / MACHINES_PER_LINE);
    const area = Math.floor(line / LINES_PER_AREA);
    return `area-${number(area)}/line-${number(line % LINES_PER_AREA)}/machine-${number(index % MACHINES_PER_LINE)}`;
  });

const parentsOf = (path: string): readonly string[] => {
  const [area = '', line = ''] = path.split('/');
  return [area, `${area}/${line}`];
};

const number = (value: number): string => String(value + 1).padStart(2, '0');

function nodeOf(
  path: string,
  site: EquipmentNode,
  { at, index }: { readonly at: number; readonly index: number },
): EquipmentNode {
  const names = path.split('/');
  const level = (['area', 'line', 'equipment'] as const)[names.length - 1] ?? 'equipment';
  const name = names.at(-1) ?? '';
  const swing = Math.sin(at / 7000 + index);
  return {
    path,
    parent: names.slice(0, -1).join('/'),
    level,
    name,
    displayName: { en: name, zh: name.replace('machine', '设备').replace('line', '产线').replace('area', '车间') },
    kind: level === 'equipment' ? 'press' : null,
    state: level === 'equipment' ? (swing > -0.7 ? 'run' : 'idle') : null,
    live: { ...site.live, at, powerKw: 40 + 12 * swing, energyTodayKwh: 300 + index + (at % 86_400_000) / 1e6 },
    tags:
      level === 'equipment'
        ? [{ name: 'Power', role: 'power', unit: 'kW', value: 40 + 12 * swing, at, statusCode: 0 }]
        : [],
  };
}
