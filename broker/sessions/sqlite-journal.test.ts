import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../tests/support/stack.ts';
import type { Journal } from './journal.ts';
import { SessionStore } from './session-store.ts';
import { SqliteJournal } from './sqlite-journal.ts';

const limits = {
  maxInflight: 10,
  maxQueuedBytes: 100_000,
  maxQueuedBytesTotal: 150_000,
  maxRetainedMessages: 10,
  maxRetainedBytes: 10_000,
  sessionExpiryMs: 1000,
};
const committed = (journal: Journal): Promise<void> =>
  new Promise((resolve, reject) => journal.committed((error) => (error === null ? resolve() : reject(error))));

describe('the journal of sessions', () => {
  it('gives back subscriptions, queues in order, retained messages and open exchanges', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'sessions.db');
    {
      await using journal = await SqliteJournal.open(file);
      const store = new SessionStore({ journal, limits, now: () => 1, onQueueFull: () => undefined });
      const session = store.open('s', 'user');
      store.subscribe(session, 'a/#', 2);
      for (const [index, qos] of ([1, 2, 1] as const).entries()) {
        const publication = {
          topic: `a/${index}`,
          payload: Buffer.from(`m${index}`),
          qos,
          retain: index === 0,
          messageId: 7,
        };
        await new Promise((resolve) =>
          store.accept(publication, { clientId: 'p', clean: false, isBridge: false }, resolve),
        );
      }
    }
    await using journal = await SqliteJournal.open(file);
    const store = new SessionStore({ journal, limits, now: () => 1, onQueueFull: () => undefined });
    const sent: string[] = [];
    const session = store.sessions.get('s');
    session?.attach({
      hasRoom: () => true,
      onRoom: () => undefined,
      release: () => undefined,
      send: ({ message, qos, messageId }) => {
        sent.push(`${message.topic} ${message.payload.toString()} ${qos}`);
        queueMicrotask(() => session.acknowledge(messageId));
      },
    });
    await committed(journal);
    expect(sent.sort()).toEqual(['a/0 m0 1', 'a/1 m1 2', 'a/2 m2 1']);
    expect([...store.retained.matching('a/+')].map(({ topic }) => topic)).toEqual(['a/0']);
    expect(store.isIncoming('p', 7)).toBe(true);
    expect(session?.filters.get('a/#')).toBe(2);
  });

  it('bounds the queue of one session and of all together, and forgets who stays away', async () => {
    await using folder = await temporaryFolder();
    await using journal = await SqliteJournal.open(join(folder.path, 'sessions.db'));
    let at = 1;
    const full: string[] = [];
    const store = new SessionStore({ journal, limits, now: () => at, onQueueFull: ({ id }) => full.push(id) });
    for (const id of ['one', 'two']) store.subscribe(store.open(id, 'user'), 'q/#', 1);
    for (let index = 0; index < 20; index += 1) {
      await new Promise((resolve) =>
        store.accept({ topic: 'q/x', payload: Buffer.alloc(10_000), qos: 1, retain: false }, null, resolve),
      );
    }
    expect(store.queuedBytes).toBeLessThanOrEqual(limits.maxQueuedBytesTotal);
    expect(new Set(full)).toEqual(new Set(['one', 'two']));
    store.expire();
    at = 2000;
    store.expire();
    expect(store.sessions.size).toBe(0);
    expect(store.queuedBytes).toBe(0);
  });

  it('says what to do when its file is damaged', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'sessions.db');
    await (
      await import('node:fs/promises')
    ).writeFile(file, 'this is no database, but long enough to be looked at as one');
    await expect(SqliteJournal.open(file)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('sessions.db'),
    });
  });
});
