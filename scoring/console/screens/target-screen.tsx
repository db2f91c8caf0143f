import { useMemo } from 'preact/hooks';
import type { TargetView } from '../answers.ts';
import { Chart } from '../charts/chart.tsx';
import { paletteOf } from '../charts/palette.ts';
import { waterfallOption, type Step } from '../charts/waterfall-option.ts';
import { Figure } from '../components/figure.tsx';
import { ScreenHead } from '../components/screen-head.tsx';
import { TargetPanel } from '../components/target-panel.tsx';
import { useConsole } from '../console-context.ts';
import { formatChange, formatIntensity, formatNumber, formatShare } from '../format.ts';
import { nameIn, t } from '../i18n/text.ts';
import { appearance, language } from '../preferences.ts';

const formats = ['xlsx', 'pdf', 'csv'] as const;

/** Where the promised falls stand, what the rest of the plan needs, and what made the change. */
export function TargetScreen() {
  const { state } = useConsole();
  const loaded = state.target.value;
  const items = loaded.state === 'loading' ? [] : (loaded.value ?? []);
  return (
    <>
      <ScreenHead screen="target">
        <span class="quiet">{t('target.report')}</span>
        {formats.map((format) => (
          <a
            key={format}
            class="button"
            download
            href={`/api/v1/reports/month?format=${format}&lang=${language.value}`}
          >
            {format.toUpperCase()}
          </a>
        ))}
      </ScreenHead>
      <TargetPanel />
      {items.map((target) => (
        <section key={target.id} class="panel" aria-label={nameIn(target.displayName, target.id)}>
          <Outlook target={target} />
          {target.lmdi !== null && <Waterfall target={target} lmdi={target.lmdi} />}
        </section>
      ))}
    </>
  );
}

function Outlook({ target }: { readonly target: TargetView }) {
  const lang = language.value;
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label={t('target.outlook')}>
      <h3>{t('target.outlook')}</h3>
      <table class="data-table">
        <thead>
          <tr>
            <th scope="col">{t('target.level')}</th>
            <th scope="col" class="number">
              {t('target.needed')}
            </th>
            <th scope="col" class="number">
              {t('target.forecast')}
            </th>
            <th scope="col" class="number">
              {t('target.probability')}
            </th>
          </tr>
        </thead>
        <tbody>
          {target.levels.map(({ reduction, outlook }) => {
            const why = outlook === null ? 'no-plan' : outlook.reason;
            return (
              <tr key={reduction}>
                <th scope="row">{formatChange(-reduction, lang, 1)}</th>
                <td class="number">
                  <Figure text={formatIntensity(outlook?.neededSec ?? null, lang)} reason={why} />
                </td>
                <td class="number">
                  <Figure text={formatIntensity(outlook?.forecastSec ?? null, lang)} reason={why} />
                </td>
                <td class="number">
                  <Figure text={formatShare(outlook?.probability ?? null, lang)} reason={why} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {target.levels.every(({ outlook }) => outlook === null) && <p class="chart-foot quiet">{t('reason.no-plan')}</p>}
    </div>
  );
}

function Waterfall(props: { readonly target: TargetView; readonly lmdi: NonNullable<TargetView['lmdi']> }) {
  const { target, lmdi } = props;
  const lang = language.value;
  const look = appearance.value;
  const option = useMemo(() => {
    const perDay = ({ energyKwh, days }: TargetView['base']) => energyKwh / Math.max(1, days);
    const steps: readonly Step[] = [
      { name: t('target.base'), value: perDay(target.base), kind: 'total' },
      { name: t('lmdi.activity'), value: lmdi.activityKwhPerDay, kind: 'change' },
      { name: t('lmdi.structure'), value: lmdi.structureKwhPerDay, kind: 'change' },
      { name: t('lmdi.intensity'), value: lmdi.intensityKwhPerDay, kind: 'change' },
      { name: t('target.current'), value: perDay(target.current), kind: 'total' },
    ];
    const format = ({ value, kind }: Step) =>
      kind === 'change' && value > 0 ? `+${formatNumber(value, lang)}` : formatNumber(value, lang).replace('-', '−');
    return waterfallOption({ steps, palette: paletteOf(look), format });
  }, [target, look, lang]);
  const words = t('lmdi.sentence', {
    total: formatNumber(lmdi.totalKwhPerDay, lang).replace('-', '−'),
    activity: formatNumber(lmdi.activityKwhPerDay, lang).replace('-', '−'),
    structure: formatNumber(lmdi.structureKwhPerDay, lang).replace('-', '−'),
    intensity: formatNumber(lmdi.intensityKwhPerDay, lang).replace('-', '−'),
  });
  return (
    <>
      <h3>{t('lmdi.title')}</h3>
      <Chart option={option} summary={words} size="wide" testId="lmdi-chart" points={5} />
      <p class="chart-foot quiet">{words}</p>
    </>
  );
}
