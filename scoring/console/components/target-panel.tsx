import { useMemo } from 'preact/hooks';
import type { TargetView } from '../answers.ts';
import { Chart } from '../charts/chart.tsx';
import { paletteOf } from '../charts/palette.ts';
import { targetOption } from '../charts/target-option.ts';
import { useConsole } from '../console-context.ts';
import { formatChange, formatFixed, formatIntensity, formatNumber } from '../format.ts';
import { nameIn, t } from '../i18n/text.ts';
import { appearance, language } from '../preferences.ts';
import { FoundingFigures } from './founding-figures.tsx';
import { Empty, Failed, Skeleton } from './load-state.tsx';
import { TargetFigures } from './target-figures.tsx';

/** Whether energy per unit really falls as promised. */
export function TargetPanel() {
  const { state, actions } = useConsole();
  const loaded = state.target.value;
  const items = loaded.state === 'loading' ? null : loaded.value;
  return (
    <section class="panel target-panel" aria-labelledby="target-title" data-testid="target-panel">
      <div class="panel-head">
        <h2 id="target-title">{t('target.title')}</h2>
      </div>
      {loaded.state === 'loading' && <Skeleton rows={6} what={t('target.title')} />}
      {loaded.state === 'failed' && (
        <Failed what={t('target.title')} failure={loaded.failure} onRetry={() => void actions.loadTarget()} />
      )}
      {items?.length === 0 && (
        <Empty>
          <p>
            <strong>{t('target.empty')}</strong>
          </p>
          <p>{t('target.emptyHint')}</p>
        </Empty>
      )}
      {(items ?? []).map((target) => (
        <Target key={target.id} target={target} />
      ))}
    </section>
  );
}

function Target({ target }: { readonly target: TargetView }) {
  const lang = language.value;
  const look = appearance.value;
  const option = useMemo(
    () => targetOption({ target, palette: paletteOf(look), language: lang, text: t }),
    [target, look, lang],
  );
  const running = target.days.findLast(({ runningSec }) => runningSec !== null)?.runningSec ?? null;
  const summary = t('target.summary', {
    running: formatIntensity(running, lang),
    base: formatIntensity(target.base.sec, lang),
  });
  const points = target.days.filter(({ sec }) => sec !== null).length;
  return (
    <article class="target">
      <div class="target-text">
        <h3>
          {nameIn(target.displayName, target.id)} <span class="quiet">{target.path}</span>
        </h3>
        <p class="target-sentence">{sentenceOf(target)}</p>
        <TargetFigures target={target} />
      </div>
      <div class="target-chart">
        <h3>{t('target.chartTitle')}</h3>
        {points === 0 ? (
          <Empty>
            <p>{t('target.sentenceNone', { reason: target.reason ?? t('reason.no-data') })}</p>
          </Empty>
        ) : (
          <Chart option={option} summary={summary} size="wide" testId="target-chart" points={points} />
        )}
        {target.baseline !== null && (
          <p class="chart-foot quiet">
            {t('target.model', {
              intercept: formatNumber(target.baseline.interceptKwh, lang),
              slope: formatIntensity(target.baseline.slopeKwhPerUnit, lang),
              r2: formatFixed(target.baseline.r2, 3, lang),
              cv: formatChange(target.baseline.cvRmse, lang).replace('+', ''),
              days: target.baseline.days,
            })}
          </p>
        )}
      </div>
      {target.founding !== null && <FoundingFigures founding={target.founding} />}
    </article>
  );
}

/** The verdict in one plain sentence, made of the figures beside it. */
function sentenceOf(target: TargetView): string {
  const lang = language.value;
  if (target.rawChange === null) {
    return t('target.sentenceNone', { reason: target.reason ?? t('reason.no-data') });
  }
  const raw = formatChange(target.rawChange, lang);
  if (target.adjustedChange === null || target.loadEffect === null) {
    return t('target.sentence', { raw, reason: t('target.noBaseline') });
  }
  const adjusted = formatChange(target.adjustedChange, lang);
  return t('target.sentenceLoad', { raw, adjusted, load: formatChange(target.loadEffect, lang) });
}
