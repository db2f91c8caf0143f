import type { AnomalyEpisode } from './score.ts';

/** An earlier episode of the same machine that looks like one. */
export type LikeBefore = {
  readonly id: string;
  /** Epoch ms. */
  readonly from: number;
  /** 0 to 1: the part of the contributions that falls on the same sensors, on the same side of what was expected. */
  readonly likeness: number;
};

/** Less than this in common is no likeness. */
const LEAST = 0.5;

/** The earlier episode of the same machine and context whose sensors took part most alike; the newest of equals; null where none is like it. */
export function nearestEarlier(episode: AnomalyEpisode, others: readonly AnomalyEpisode[]): LikeBefore | null {
  let nearest: LikeBefore | null = null;
  for (const { id, path, from, context, contributions } of others) {
    if (path !== episode.path || from >= episode.from || context !== episode.context) continue;
    const likeness = inCommon(episode.contributions, contributions);
    if (likeness < LEAST || (nearest !== null && likeness < nearest.likeness)) continue;
    if (nearest !== null && likeness === nearest.likeness && from < nearest.from) continue;
    nearest = { id, from, likeness };
  }
  return nearest;
}

/** Σ min of the shares by sensor and direction. */
function inCommon(a: AnomalyEpisode['contributions'], b: AnomalyEpisode['contributions']): number {
  const other = new Map(b.map((part) => [keyOf(part), part.share]));
  return Math.min(
    1,
    a.reduce((sum, part) => sum + Math.min(part.share, other.get(keyOf(part)) ?? 0), 0),
  );
}

const keyOf = ({ tag, value, expected }: AnomalyEpisode['contributions'][number]): string =>
  `${value < expected ? '-' : '+'}${tag}`;
