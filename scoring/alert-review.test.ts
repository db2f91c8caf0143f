import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SystemEvent } from '../broker/contract/event.ts';
import { silentLog } from '../tests/support/api-plant.ts';
import { temporaryFolder } from '../tests/support/stack.ts';
import { openCore } from './core.ts';
import { LivePlant } from './live-plant.ts';
import { AlertTrail } from './store/alert-trail.ts';

const T0 = 1_700_000_000_000;
const li = { by: 'li', from: '10.0.0.7' };
const denied = (principal: string): SystemEvent => ({
  id: `denied-${principal}`,
  kind: 'topic-denied',
  at: T0,
  service: 'broker',
  source: 'broker-1',
  severity: 'medium',
  principal,
  subject: 'a/b',
  message: 'publish refused',
});

async function openPlant(dataDir: string) {
  const plant = { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' };
  const scoring = { id: 'scoring', maxGap: '2h', lateness: '2m', targets: [] };
  const core = await openCore({
    plant,
    scoring,
    dataDir,
    log: silentLog,
    now: () => T0,
    onIssue: () => undefined,
    onEpisode: () => undefined,
  });
  const live = new LivePlant(core, {
    plant,
    scoring,
    founding: new Map(),
    log: silentLog,
    now: () => T0,
    trail: await AlertTrail.open(join(dataDir, 'alert-trail.jsonl')),
    ownHealth: () => {
      throw new Error('nobody asks for the health');
    },
  });
  const alerts = async () => {
    await live.settled();
    return core.store.list({ limit: 100 });
  };
  return { live, alerts, [Symbol.asyncDispose]: () => core[Symbol.asyncDispose]() };
}

describe('decisions about alerts', () => {
  it('are kept with who, from where, before and after; a refused one leaves no trace', async () => {
    await using folder = await temporaryFolder();
    await using plant = await openPlant(folder.path);
    const { live, alerts } = plant;
    live.noteEvent(denied('eve'));
    const [alert] = await alerts();
    const id = alert?.id ?? '';
    await live.review(id, { action: 'acknowledge', version: 0 }, li);
    await expect(live.review(id, { action: 'acknowledge', version: 0 }, li)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await live.review(id, { action: 'close', disposition: 'incident', reason: 'eve was here' }, li);
    const { entries, verdict } = await live.trail();
    expect(verdict).toEqual({ holds: true, entries: 2 });
    expect(entries.map(({ action, by, from, reason }) => [action, by, from, reason])).toEqual([
      ['acknowledge', 'li', '10.0.0.7', ''],
      ['close', 'li', '10.0.0.7', 'eve was here'],
    ]);
    expect(JSON.parse(entries[1]?.after ?? '')).toMatchObject({ review: 'closed', disposition: 'incident' });
    live.noteEvent({ ...denied('eve'), id: 'again' });
    expect((await alerts()).map(({ review }) => review).sort()).toEqual(['closed', 'new']);
  });

  it('of one person who shelves ten alerts at once raise an alert', async () => {
    await using folder = await temporaryFolder();
    await using plant = await openPlant(folder.path);
    const { live, alerts } = plant;
    for (let index = 0; index < 10; index += 1) live.noteEvent(denied(`user-${index}`));
    const raised = await alerts();
    for (const { id } of raised.slice(0, 9)) await live.review(id, { action: 'shelve', reason: 'quiet' }, li);
    expect((await alerts()).filter(({ rule }) => rule === 'alerts-silenced')).toEqual([]);
    await live.review(raised[9]?.id ?? '', { action: 'shelve', reason: 'quiet' }, li);
    expect((await alerts()).filter(({ rule }) => rule === 'alerts-silenced')).toMatchObject([{ severity: 'high' }]);
  });

  it('that were changed on disk raise a critical alert at the next start', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'alert-trail.jsonl');
    {
      await using plant = await openPlant(folder.path);
      plant.live.noteEvent(denied('eve'));
      const [alert] = await plant.alerts();
      await plant.live.review(alert?.id ?? '', { action: 'comment', reason: 'seen' }, li);
      await plant.live.checkTrail();
      expect((await plant.alerts()).map(({ rule }) => rule)).toEqual(['topic-denied']);
    }
    await writeFile(file, (await readFile(file, 'utf8')).replace('"li"', '"wang"'));
    await using plant = await openPlant(folder.path);
    await plant.live.checkTrail();
    const broken = (await plant.alerts()).find(({ rule }) => rule === 'audit-broken');
    expect(broken).toMatchObject({ severity: 'critical', message: 'entry 1 was changed' });
  });
});
