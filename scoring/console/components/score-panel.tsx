import { useMemo } from 'preact/hooks';
import type { AnomalyAnswer } from '../../api/schemas.ts';
import { Chart } from '../charts/chart.tsx';
import { paletteOf } from '../charts/palette.ts';
import { scoreOption } from '../charts/score-option.ts';
import { useConsole } from '../console-context.ts';
import { formatFixed, formatScore } from '../format.ts';
import { t } from '../i18n/text.ts';
import { appearance, language } from '../preferences.ts';
import { Empty, Failed, Skeleton } from './load-state.tsx';

/** Anomaly score of the selected machine over the last day. */
export function ScorePanel({ name, isMachine }: { readonly name: string; readonly isMachine: boolean }) {
  const { state, actions } = useConsole();
  const loaded = state.scores.value;
  const answer = loaded.state === 'loading' ? null : loaded.value;
  return (
    <div class="chart-block">
      <h3>
        {t('score.title')} <span class="quiet chart-aside">{t('score.range')}</span>
      </h3>
      {!isMachine && <p class="quiet">{t('score.onlyMachines')}</p>}
      {isMachine && loaded.state === 'failed' && (
        <Failed what={t('score.title')} failure={loaded.failure} onRetry={() => void actions.loadScores()} />
      )}
      {isMachine && loaded.state === 'loading' && <Skeleton rows={3} what={t('score.title')} />}
      {isMachine && answer !== null && <ScoreChart answer={answer} name={name} />}
    </div>
  );
}

function ScoreChart({ answer, name }: { readonly answer: AnomalyAnswer; readonly name: string }) {
  const lang = language.value;
  const look = appearance.value;
  const scores = (answer.series ?? []).flatMap(({ score }) => (score === null ? [] : [score]));
  const option = useMemo(
    () => scoreOption({ answer, palette: paletteOf(look), language: lang, text: t }),
    [answer, look, lang],
  );
  if (scores.length === 0) {
    return (
      <Empty>
        <p>{t('score.empty')}</p>
      </Empty>
    );
  }
  const summary = t('score.summary', {
    name,
    peak: formatScore(
      scores.reduce((most, score) => Math.max(most, score), 0),
      lang,
    ),
    threshold: formatFixed(answer.threshold, 2, lang),
  });
  return <Chart option={option} summary={summary} size="low" testId="score-chart" points={scores.length} />;
}
