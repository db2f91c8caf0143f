import { describe, expect, it } from 'vitest';
import type { HealthAnswer } from './answers.ts';
import type { DataQualityAnswer } from './answers.ts';
import { healthTasks } from './health-tasks.ts';

const item = (members: Partial<DataQualityAnswer['items'][number]>): DataQualityAnswer['items'][number] => ({
  path: 'a/b/press',
  meter: 'live',
  meterTags: ['Energy'],
  meterAt: '2026-11-23T12:00:00+08:00',
  coverage: 1,
  class: 'A',
  days: { A: 7, B: 0, C: 0, none: 0 },
  estimatedShare: 0,
  worstGapSeconds: 0,
  worstGapOn: null,
  unresolved: 0,
  restatedDays: 0,
  ...members,
});
const quality = (...items: DataQualityAnswer['items']): DataQualityAnswer => ({
  units: { coverage: '1', gap: 's' },
  from: '',
  to: '',
  classDays: { A: 0, B: 0, C: 0, none: 0 },
  items,
});
const gateway = (figures: Record<string, number>, clockSkewMs: number | null = 0): HealthAnswer => ({
  status: 'ok',
  at: '2026-11-23T12:00:00+08:00',
  problems: [],
  services: [
    {
      service: 'gateway',
      id: 'edge-1',
      version: '1',
      state: 'running',
      at: '2026-11-23T12:00:00+08:00',
      problems: [],
      figures,
      connections: [
        {
          name: 'plc',
          state: 'running',
          reason: '',
          since: '2026-11-23T12:00:00+08:00',
          serviceLevel: 255,
          clockSkewMs,
          tags: { live: 1, waiting: 0, bad: 0, unknown: 0, quarantined: 0, offline: 0 },
          reading: { subscriptions: 1, items: 1, polled: 0 },
          sessions: 1,
          repairs: 0,
          exceptions: [],
        },
      ],
    },
  ],
});
const kinds = (list: ReturnType<typeof healthTasks>) => list.map(({ kind }) => kind);

describe('the list of what to do about the data', () => {
  it('is empty when everything is well', () => {
    expect(healthTasks(gateway({ outboxDepth: 12 }), quality(item({})), 500)).toEqual([]);
  });

  it('has dead meters before gaps before what is only told', () => {
    const found = healthTasks(
      null,
      quality(
        item({ restatedDays: 2, worstGapSeconds: 7200, worstGapOn: '2026-11-20', unresolved: 1 }),
        item({ path: 'a/b/mill', meter: 'dead' }),
      ),
      0,
    );
    expect(kinds(found)).toEqual(['meter-dead', 'gap', 'unresolved', 'late']);
    expect(found[0]).toMatchObject({ path: 'a/b/mill', values: { since: '2026-11-23 12:00' } });
    expect(found[1]).toMatchObject({ values: { minutes: 120, on: '2026-11-20' } });
  });

  it.each([
    ['a meter with bad values', quality(item({ meter: 'bad' })), 'meter-bad'],
    ['a meter that never spoke', quality(item({ meter: 'waiting' })), 'meter-waiting'],
    ['a machine without a meter', quality(item({ meter: 'none' })), 'meter-none'],
    ['days without a figure', quality(item({ days: { A: 5, B: 0, C: 0, none: 2 } })), 'low-coverage'],
    ['energy that is estimated', quality(item({ estimatedShare: 0.2 })), 'estimated'],
  ])('names %s', (_, answer, kind) => {
    expect(kinds(healthTasks(null, answer, 0))).toEqual([kind]);
  });

  it.each([
    ['an outbox that falls behind', gateway({ outboxDepth: 50_000 }), 'outbox-behind'],
    ['messages the outbox lost', gateway({ droppedTotal: 3 }), 'outbox-lost'],
    ['a server whose clock is off', gateway({}, -90_000), 'clock-server'],
  ])('names %s', (_, health, kind) => {
    expect(kinds(healthTasks(health, null, 0))).toEqual([kind]);
  });

  it('says when the clock of the reader is off, either way', () => {
    for (const offset of [60_000, -60_000])
      expect(healthTasks(null, null, offset)).toMatchObject([{ kind: 'clock-browser', values: { seconds: 60 } }]);
  });
});
