import type { EquipmentView } from '../answers.ts';
import { formatScore } from '../format.ts';
import { language } from '../preferences.ts';
import { Figure } from './figure.tsx';

const ELEVATED = 0.9;

/** Anomaly score as bar and number. */
export function ScoreCell({ live, isMachine }: { readonly live: EquipmentView['live']; readonly isMachine: boolean }) {
  const text = formatScore(live.anomalyScore, language.value);
  if (live.anomalyScore === null) {
    return <Figure text={text} reason={isMachine ? (live.anomalyReason ?? 'no-value') : 'not-scored'} />;
  }
  const kind = live.anomalyAlarm ? 'alarm' : live.anomalyScore >= ELEVATED ? 'elevated' : 'normal';
  return (
    <span class={`score score-${kind}`}>
      <span class="score-track" aria-hidden="true">
        <span class="score-fill" style={{ width: `${Math.round(live.anomalyScore * 100)}%` }} />
      </span>
      <span class="score-number">{text}</span>
    </span>
  );
}
