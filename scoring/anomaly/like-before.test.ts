import { expect, it } from 'vitest';
import { nearestEarlier } from './like-before.ts';
import type { AnomalyEpisode } from './score.ts';

const episode = (
  id: string,
  from: number,
  parts: readonly (readonly [string, number, number])[],
  more = {},
): AnomalyEpisode => ({
  id,
  path: 'a/m',
  from,
  to: from + 10,
  peakScore: 1,
  peakAt: from,
  context: 'run',
  model: 'm',
  contributions: parts.map(([tag, share, offset]) => ({ tag, share, value: 10 + offset, expected: 10 })),
  ...more,
});

it('the nearest earlier episode is that of the same sensors on the same side, on the same machine', () => {
  const now = episode('now', 100, [
    ['Vibration', 0.7, 2],
    ['Power', 0.3, 1],
  ]);
  const alike = episode('alike', 10, [
    ['Vibration', 0.6, 3],
    ['Temperature', 0.4, 1],
  ]);
  const others = [
    alike,
    episode('newer', 20, [
      ['Vibration', 0.6, 5],
      ['Oil', 0.4, 1],
    ]),
    episode('other side', 30, [
      ['Vibration', 0.9, -2],
      ['Power', 0.1, 1],
    ]),
    episode(
      'other machine',
      40,
      [
        ['Vibration', 0.7, 2],
        ['Power', 0.3, 1],
      ],
      { path: 'a/n' },
    ),
    episode(
      'idle',
      50,
      [
        ['Vibration', 0.7, 2],
        ['Power', 0.3, 1],
      ],
      { context: 'idle' },
    ),
    episode('later', 200, [
      ['Vibration', 0.7, 2],
      ['Power', 0.3, 1],
    ]),
  ];
  expect(nearestEarlier(now, others)).toEqual({ id: 'newer', from: 20, likeness: 0.6 });
  expect(nearestEarlier(now, [alike])).toEqual({ id: 'alike', from: 10, likeness: 0.6 });
  expect(nearestEarlier(now, others.slice(2))).toBeNull();
});
