import type { AnomalyEpisode } from '../anomaly/score.ts';
import type { AlertSignal } from './alert.ts';
import { rules } from './rules.ts';
import { signalOf } from './signal.ts';

const SHOWN_SENSORS = 3;

/**
 * The signal of an anomaly episode: once when it opens (`to` null) and once when it ends. One alert per machine;
 * its count is the number of episodes. `names` are the machine's display names; the path stands in for a missing one.
 */
export function anomalyToSignal(
  episode: AnomalyEpisode,
  names: { readonly en?: string; readonly zh?: string },
): AlertSignal {
  const rule = rules.anomaly;
  const sensors = episode.contributions
    .slice(0, SHOWN_SENSORS)
    .map(({ tag, share, value, expected, unit }) => {
      const suffix = unit === undefined ? '' : ` ${unit}`;
      return `${tag} ${round(value)}${suffix}, expected ${round(expected)}${suffix} (${Math.round(share * 100)} %)`;
    })
    .join('; ');
  const score = `score ${episode.peakScore.toFixed(3)} in context ${episode.context}`;
  return {
    ...signalOf(rule, {
      at: episode.to ?? episode.from,
      equipment: episode.path,
      condition: episode.to === null ? 'active' : 'cleared',
      message: sensors === '' ? score : `${score}: ${sensors}`,
    }),
    title: {
      en: `${names.en ?? names.zh ?? episode.path}: ${rule.title.en.toLowerCase()}`,
      zh: `${names.zh ?? names.en ?? episode.path}：${rule.title.zh}`,
    },
  };
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}
