import { describe, expect, it } from 'vitest';
import type { ServerEvent } from './event-fields.ts';
import { EventMemory } from './event-memory.ts';

let ids = 0;
const event = (more: Partial<ServerEvent> = {}): ServerEvent => ({
  eventId: String((ids += 1)),
  eventType: null,
  sourceNode: 'nsu=urn:plant;s=Press',
  sourceName: 'Press',
  time: 0,
  message: 'pressure is high',
  locale: 'en',
  severity: 700,
  condition: null,
  audit: null,
  ...more,
});
const condition = (name: string, state: Partial<NonNullable<ServerEvent['condition']>> = {}): ServerEvent =>
  event({
    condition: {
      id: `nsu=urn:plant;s=${name}`,
      name,
      branch: '',
      retain: true,
      enabled: true,
      active: true,
      acked: false,
      confirmed: null,
      comment: '',
      ...state,
    },
  });
const tell = (memory: EventMemory, told: ServerEvent): boolean => {
  const verdict = memory.judge(told);
  verdict.tell();
  return verdict.isNews;
};

describe('what has been passed on of the events of a server', () => {
  it('is not news again: the same event id, the same state of a condition', () => {
    const memory = new EventMemory();
    const first = event();
    expect(tell(memory, first)).toBe(true);
    expect(tell(memory, first)).toBe(false);
    expect(tell(memory, condition('High'))).toBe(true);
    expect(tell(memory, condition('High'))).toBe(false);
    expect(tell(memory, condition('High', { acked: true }))).toBe(true);
    expect(tell(memory, condition('High', { active: false, acked: true, retain: false }))).toBe(true);
    expect(tell(memory, condition('High'))).toBe(true);
  });

  it('events without an id are each news', () => {
    const memory = new EventMemory();
    expect(tell(memory, event({ eventId: '' }))).toBe(true);
    expect(tell(memory, event({ eventId: '' }))).toBe(true);
  });

  it('tells which active conditions a refresh did not bring', () => {
    const memory = new EventMemory();
    for (const name of ['High', 'Low']) tell(memory, condition(name));
    memory.beginRefresh();
    tell(memory, condition('High'));
    expect(memory.endRefresh().map((over) => over.condition?.name)).toEqual(['Low']);
    expect(memory.endRefresh()).toEqual([]);
  });

  it('a condition whose state could not be passed on is brought by the next refresh, and not called over by this one', () => {
    const memory = new EventMemory();
    tell(memory, condition('High'));
    memory.beginRefresh();
    const verdict = memory.judge(condition('High', { acked: true }));
    expect(verdict).toMatchObject({ isNews: true, wasTold: true });
    verdict.putBack();
    memory.judge(condition('Low')).putBack();
    expect(memory.endRefresh()).toEqual([]);
    memory.beginRefresh();
    expect(tell(memory, condition('High', { acked: true }))).toBe(true);
    expect(tell(memory, condition('Low'))).toBe(true);
    expect(memory.endRefresh()).toEqual([]);
  });

  it('a condition whose end could not be passed on is called over after the next refresh', () => {
    const memory = new EventMemory();
    tell(memory, condition('High'));
    memory.judge(condition('High', { active: false, retain: false })).putBack();
    memory.beginRefresh();
    expect(memory.endRefresh().map((over) => over.condition?.name)).toEqual(['High']);
  });

  it('a condition that was never passed on is never called over', () => {
    const memory = new EventMemory();
    expect(memory.judge(condition('High')).isNews).toBe(true);
    memory.beginRefresh();
    expect(memory.endRefresh()).toEqual([]);
  });
});
