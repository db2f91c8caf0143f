import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { listenForStop, runUntilStopped } from './lifecycle.ts';

function listen(supervised = false, hangupStays = false) {
  const source = new EventEmitter();
  const clock = { at: 0 };
  const exits: number[] = [];
  const stop = listenForStop({
    source,
    supervised,
    hangupStays,
    now: () => clock.at,
    exit: (code) => exits.push(code),
  });
  return { source, clock, exits, stop };
}

describe('a stop signal', () => {
  it('aborts at the first and ends the process at the second', () => {
    const { source, clock, exits, stop } = listen();
    source.emit('SIGINT');
    expect(stop.signal.aborted).toBe(true);
    expect(exits).toEqual([]);
    clock.at = 2000;
    source.emit('SIGINT');
    expect(exits).toEqual([130]);
  });

  it('that a terminal and npm both pass on counts once', () => {
    const { source, clock, exits } = listen();
    source.emit('SIGINT');
    clock.at = 20;
    source.emit('SIGINT');
    expect(exits).toEqual([]);
  });

  it('from the keyboard is left to the parent by a supervised child, which obeys SIGTERM', () => {
    const { source, stop } = listen(true);
    source.emit('SIGINT');
    expect(stop.signal.aborted).toBe(false);
    source.emit('SIGTERM');
    expect(stop.signal.aborted).toBe(true);
  });

  it('is SIGHUP, but not for a service that reads its files again at it', () => {
    const stopping = listen();
    stopping.source.emit('SIGHUP');
    expect(stopping.stop.signal.aborted).toBe(true);
    const reading = listen(false, true);
    expect(reading.source.emit('SIGHUP')).toBe(false);
    expect(reading.stop.signal.aborted).toBe(false);
  });

  it('is also a parent that went away', () => {
    const { source, stop } = listen(true);
    source.emit('disconnect');
    expect(stop.signal.aborted).toBe(true);
  });

  it('is no longer listened for after disposal', () => {
    const { source, stop } = listen();
    stop[Symbol.dispose]();
    expect(source.eventNames()).toEqual([]);
  });
});

describe('a service', () => {
  const service = (events: string[]) => ({
    [Symbol.asyncDispose]: async () => {
      events.push('closed');
    },
  });

  it('is announced, runs until the stop and is closed', async () => {
    const events: string[] = [];
    const stop = new AbortController();
    await runUntilStopped({
      start: async () => service(events),
      announce: () => {
        events.push('announced');
        stop.abort();
      },
      signal: stop.signal,
    });
    expect(events).toEqual(['announced', 'closed']);
  });

  it('that came up after the stop is closed without being announced', async () => {
    const events: string[] = [];
    await runUntilStopped({
      start: async () => service(events),
      announce: () => events.push('announced'),
      signal: AbortSignal.abort(),
    });
    expect(events).toEqual(['closed']);
  });
});
