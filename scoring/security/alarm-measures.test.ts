import { describe, expect, it } from 'vitest';
import { alertOf, HOUR_MS } from '../../tests/support/api-plant.ts';
import { alarmMeasures } from './alarm-measures.ts';

const TO = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const DAY = { from: TO - 24 * HOUR_MS, to: TO };

describe('the measures of alerts', () => {
  it('count new alerts per ten minutes, at most and on average, and how long it was a flood', () => {
    const alerts = [
      ...Array.from({ length: 12 }, (_, index) => alertOf(`storm-${index}`, { first: TO - 125 * MINUTE_MS + index })),
      alertOf('now', { first: TO - MINUTE_MS }),
      alertOf('long ago', { first: TO - 30 * HOUR_MS, review: 'closed' }),
    ];
    const measures = alarmMeasures(alerts, DAY);
    expect(measures).toMatchObject({ alarmCount: 13, currentAlarmRate: 1, maximumAlarmRate: 12 });
    expect(measures.averageAlarmRate).toBeCloseTo(13 / 144);
    expect(measures.floodShare).toBeCloseTo(1 / 144);
    expect(measures.spans).toHaveLength(144);
    expect(measures.spans.at(-1)).toEqual({ from: TO - 10 * MINUTE_MS, alerts: 1 });
  });

  it('tell what stands, what is stale, shelved and waits for a person', () => {
    const alerts = [
      alertOf('stale', { first: TO - 25 * HOUR_MS, review: 'acknowledged', acknowledgedAt: TO - 24 * HOUR_MS }),
      alertOf('fresh', { first: TO - HOUR_MS }),
      alertOf('over', { first: TO - HOUR_MS, condition: 'cleared' }),
      alertOf('aside', { first: TO - HOUR_MS, shelved: { by: 'li', reason: 'known', until: TO + 1 } }),
      alertOf('closed', { first: TO - HOUR_MS, review: 'closed', acknowledgedAt: TO - HOUR_MS + MINUTE_MS }),
    ];
    expect(alarmMeasures(alerts, DAY)).toMatchObject({
      standing: 3,
      stale: 1,
      shelved: 1,
      unacknowledged: 3,
      maximumActiveMs: 25 * HOUR_MS,
      maximumUnacknowledgedMs: HOUR_MS,
      medianAcknowledgeMs: MINUTE_MS,
    });
  });

  it('name the rules that raise most, and how many of their alerts were false', () => {
    const first = TO - HOUR_MS;
    const alerts = [
      alertOf('a', { rule: 'noisy', first, count: 40, review: 'closed', disposition: 'false-positive' }),
      alertOf('b', { rule: 'noisy', first, count: 2, review: 'closed', disposition: 'incident' }),
      alertOf('c', { rule: 'rare', first, count: 1, severity: 'critical' }),
    ];
    const { mostFrequent, bySeverity } = alarmMeasures(alerts, DAY);
    expect(mostFrequent).toEqual([
      { rule: 'noisy', alerts: 2, occurrences: 42, share: 2 / 3, falsePositives: 0.5 },
      { rule: 'rare', alerts: 1, occurrences: 1, share: 1 / 3, falsePositives: 0 },
    ]);
    expect(bySeverity).toEqual({ info: 0, low: 0, medium: 0, high: 2, critical: 1 });
  });

  it('are figures, not errors, when there is nothing', () => {
    expect(alarmMeasures([], DAY)).toMatchObject({ alarmCount: 0, averageAlarmRate: 0, medianAcknowledgeMs: null });
  });
});
