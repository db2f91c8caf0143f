import { useMemo } from 'preact/hooks';
import type { BaselineAnswer } from '../answers.ts';
import { cusumOption, scatterOption } from '../charts/baseline-option.ts';
import { Chart } from '../charts/chart.tsx';
import { paletteOf } from '../charts/palette.ts';
import { RangeButtons } from '../components/detail-panel.tsx';
import { Empty } from '../components/load-state.tsx';
import { ObjectPicker } from '../components/object-picker.tsx';
import { Card, Loaded, ScreenHead } from '../components/screen-head.tsx';
import { useConsole } from '../console-context.ts';
import { formatFixed, formatIntensity, formatNumber, formatShare } from '../format.ts';
import { t, textOf } from '../i18n/text.ts';
import { appearance, language } from '../preferences.ts';
import { useApi } from '../resource.ts';
import { studyRange } from '../study-range.ts';

/** Energy by output: the base model, whether it may be believed, and what was saved against it. */
export function BaselineScreen() {
  const { state } = useConsole();
  const study = useApi('baseline', { path: state.selected.value, ...studyRange(state) });
  return (
    <>
      <ScreenHead screen="baseline">
        <ObjectPicker />
        <RangeButtons ofDays />
      </ScreenHead>
      <section class="panel" aria-label={t('screen.baseline')}>
        <Loaded resource={study} what={t('screen.baseline')} rows={12}>
          {(answer) => <Baseline answer={answer} />}
        </Loaded>
      </section>
    </>
  );
}

function Baseline({ answer }: { readonly answer: BaselineAnswer }) {
  const lang = language.value;
  const look = appearance.value;
  const input = { answer, palette: paletteOf(look), language: lang, text: t };
  const scatter = useMemo(() => scatterOption(input), [answer, look, lang]);
  const cusum = useMemo(() => cusumOption(input), [answer, look, lang]);
  const { model, validity, days } = answer;
  const known = days.filter(({ energyKwh, output }) => energyKwh !== null && output !== null);
  const saved = days.findLast(({ savedKwh }) => savedKwh !== null)?.savedKwh ?? null;
  const excluded = days.filter((day) => day.excluded !== null);
  if (known.length === 0) {
    return (
      <Empty>
        <p>{t('trend.empty')}</p>
      </Empty>
    );
  }
  return (
    <>
      {model === null ? (
        <p class="quiet">{t('reason.no-baseline')}</p>
      ) : (
        <div class="cards">
          <Card title={t('baseline.verdict')}>
            {t(validity?.valid === true ? 'baseline.valid' : 'baseline.notValid')}
          </Card>
          <Card title="R²" note={`CV(RMSE) ${formatShare(model.cvRmse, lang)}`}>
            {formatFixed(model.r2, 3, lang)}
          </Card>
          <Card title={t('baseline.slope')} unit={t('unit.perUnit')} note={`p = ${model.slopeP.toPrecision(2)}`}>
            {formatIntensity(model.slopeKwhPerUnit, lang)}
          </Card>
          <Card
            title={t('baseline.baseLoad')}
            note={`${formatNumber(model.interceptKwh, lang)} ${t('baseline.perDay')}`}
          >
            {formatShare(model.baseLoadShare, lang)}
          </Card>
        </div>
      )}
      <div class="chart-pair">
        <div>
          <h3>{t('baseline.scatter')}</h3>
          <Chart
            option={scatter}
            summary={t('baseline.summary', { days: known.length })}
            size="wide"
            testId="scatter-chart"
            points={known.length}
          />
        </div>
        <div>
          <h3>{t('baseline.cusum')}</h3>
          {saved === null ? (
            <p class="quiet">{t('reason.no-days')}</p>
          ) : (
            <Chart
              option={cusum}
              summary={t('baseline.saved', { value: formatNumber(saved, lang) })}
              size="wide"
              testId="cusum-chart"
              points={days.filter(({ savedKwh }) => savedKwh !== null).length}
            />
          )}
        </div>
      </div>
      <ul class="checks">
        {(validity?.checks ?? []).map(({ name, passed, finding }) => (
          <li key={name} class={passed ? 'verdict-met' : 'verdict-not-met'}>
            {t(passed ? 'baseline.passed' : 'baseline.failed')}: <span class="quiet">{finding}</span>
          </li>
        ))}
      </ul>
      {excluded.length > 0 && (
        <p class="chart-foot quiet">
          {t('baseline.excludedDays')}:{' '}
          {excluded.map(({ day, excluded: why }) => `${day} (${textOf('reason', why ?? 'no-data')})`).join(' · ')}
        </p>
      )}
    </>
  );
}
