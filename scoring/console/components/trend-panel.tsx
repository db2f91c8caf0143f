import { useMemo } from 'preact/hooks';
import type { EnergyAnswer, TargetView } from '../answers.ts';
import { Chart } from '../charts/chart.tsx';
import { paletteOf } from '../charts/palette.ts';
import { trendOption, type TrendLimit } from '../charts/trend-option.ts';
import { trendPoints } from '../charts/trend-points.ts';
import { useConsole } from '../console-context.ts';
import { formatChange, formatIntensity, formatNumber, NO_FIGURE } from '../format.ts';
import { t, textOf } from '../i18n/text.ts';
import { appearance, language } from '../preferences.ts';
import { Empty, Failed, Skeleton } from './load-state.tsx';

const NO_LIMITS: readonly TrendLimit[] = [];

const limitsOf = ({ base, levels }: TargetView): readonly TrendLimit[] => [
  ...(base.sec === null ? [] : [{ value: base.sec, label: t('target.chartBase'), kind: 'base' as const }]),
  ...levels.flatMap(({ targetSec, reduction }) =>
    targetSec === null
      ? []
      : [{ value: targetSec, label: formatChange(-reduction, language.value, 1), kind: 'limit' as const }],
  ),
];

/** Energy per unit and energy of the selected object, window by window. */
export function TrendPanel({
  name,
  withTarget = false,
}: {
  readonly name: string;
  /** Draws the base and the promised limits of the object, where it has a target. */
  readonly withTarget?: boolean;
}) {
  const { state, actions } = useConsole();
  const loaded = state.trend.value;
  const answer = loaded.state === 'loading' ? null : loaded.value;
  return (
    <div class="chart-block trend-block">
      <h3>
        {t('trend.title')}
        {answer !== null && <span class="quiet chart-aside">{t('trend.window', { window: answer.window })}</span>}
      </h3>
      {loaded.state === 'failed' && (
        <Failed what={t('trend.title')} failure={loaded.failure} onRetry={() => void actions.loadTrend()} />
      )}
      {loaded.state === 'loading' && <Skeleton rows={6} what={t('trend.title')} />}
      {answer !== null && <TrendChart answer={answer} name={name} withTarget={withTarget} />}
    </div>
  );
}

function TrendChart(props: { readonly answer: EnergyAnswer; readonly name: string; readonly withTarget: boolean }) {
  const { answer, name, withTarget } = props;
  const { state } = useConsole();
  const targets = state.target.value;
  const target = targets.state === 'loading' ? undefined : targets.value?.find(({ path }) => path === answer.path);
  const limits = withTarget && target !== undefined ? limitsOf(target) : NO_LIMITS;
  const lang = language.value;
  const look = appearance.value;
  const points = useMemo(() => trendPoints(answer.points), [answer]);
  const secs = points.flatMap(({ sec }) => (sec === null ? [] : [sec]));
  const option = useMemo(
    () => trendOption({ points, answer, palette: paletteOf(look), language: lang, text: t, limits }),
    [points, answer, look, lang, target, withTarget],
  );
  if (!points.some(({ energyKwh }) => energyKwh !== null) && secs.length === 0) {
    return (
      <Empty>
        <p data-testid="trend-chart" data-points="0">
          {t('trend.empty')}
        </p>
      </Empty>
    );
  }
  const { totals } = answer;
  const summary = t('trend.summary', {
    name,
    points: secs.length,
    low: secs.length === 0 ? NO_FIGURE : formatIntensity(Math.min(...secs), lang),
    high: secs.length === 0 ? NO_FIGURE : formatIntensity(Math.max(...secs), lang),
  });
  return (
    <>
      <Chart option={option} summary={summary} size="tall" testId="trend-chart" points={secs.length} />
      <p class="chart-foot quiet">
        {secs.length === 0 && `${t('trend.noSec', { reason: textOf('reason', totals.reason ?? 'no-data') })} `}
        {t('trend.total', {
          energy: formatNumber(totals.energyKwh, lang),
          output: formatNumber(totals.output, lang),
          sec: formatIntensity(totals.sec, lang),
        })}
      </p>
    </>
  );
}
