import { describe, expect, it } from 'vitest';
import { OutboxWatch } from './outbox-watch.ts';

const at = (fill: number, damaged = 0) => ({ fill, damaged, depth: 10, bytes: 1_048_576 });

describe('the watch of the outbox', () => {
  it('tells 50, 80 and 100 % once each, and again only after the level has fallen well below', () => {
    const watch = new OutboxWatch();
    const told = [0.3, 0.51, 0.49, 0.52, 0.81, 0.95, 1, 0.95, 0.75, 0.85, 0.1, 0.5].flatMap((fill) =>
      watch.look(at(fill)).map(({ message }) => /\d+ %/.exec(message)?.[0]),
    );
    expect(told).toEqual(['50 %', '80 %', '100 %', '50 %']);
  });

  it('tells 100 % when records had to go, though the next look finds room', () => {
    const watch = new OutboxWatch();
    watch.look(at(0.85));
    expect(watch.dropped(7)[0]).toMatchObject({ kind: 'outbox-level', severity: 'high' });
    expect(watch.look(at(0.92))).toEqual([]);
  });

  it('tells how many messages damage has cost, once', () => {
    const watch = new OutboxWatch();
    expect(watch.look(at(0, 3))).toMatchObject([{ kind: 'data-lost' }]);
    expect(watch.look(at(0, 3))).toEqual([]);
  });
});
