import type { EpisodeStep } from './episode-tracker.ts';
import type { AnomalyEpisode, AnomalyScore } from './score.ts';

/** Turns the steps of a detector into the episodes of one machine. */
export class EpisodeRecorder {
  #open: AnomalyEpisode | null = null;

  /** The episode that lasts, as it is now. */
  get open(): AnomalyEpisode | null {
    return this.#open;
  }

  /** Takes one scored row. @returns the episode where it began, reached a new peak or ended; null otherwise. */
  next(score: AnomalyScore, step: EpisodeStep): AnomalyEpisode | null {
    const value = score.score ?? 0;
    const { path, at, context, model, contributions } = score;
    const before = this.#open;
    switch (step) {
      case 'none':
        return null;
      case 'start':
        this.#open = {
          id: `${path}@${at}`,
          path,
          from: at,
          to: null,
          peakScore: value,
          peakAt: at,
          context,
          model,
          contributions,
        };
        return this.#open;
      case 'on':
        if (before === null || value <= before.peakScore) return null;
        this.#open = { ...before, peakScore: value, peakAt: at, contributions };
        return this.#open;
      case 'end':
        this.#open = null;
        return before === null ? null : { ...before, to: at };
      default:
        return step satisfies never;
    }
  }
}
