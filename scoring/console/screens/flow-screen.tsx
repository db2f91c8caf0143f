import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { FlowAnswer } from '../answers.ts';
import { Chart } from '../charts/chart.tsx';
import { flowLinks, flowOption, type FlowUnit } from '../charts/flow-option.ts';
import { paletteOf } from '../charts/palette.ts';
import { RangeButtons } from '../components/detail-panel.tsx';
import { Figure } from '../components/figure.tsx';
import { Empty } from '../components/load-state.tsx';
import { Loaded, ScreenHead } from '../components/screen-head.tsx';
import { useConsole } from '../console-context.ts';
import { formatNumber, formatShare } from '../format.ts';
import { nameIn, t } from '../i18n/text.ts';
import { appearance, language } from '../preferences.ts';
import { useApi } from '../resource.ts';
import { studyRange } from '../study-range.ts';

const units = ['energyKwh', 'kgceCalorific', 'kgceEquivalent'] as const satisfies readonly FlowUnit[];
const unitText: Readonly<Record<FlowUnit, string>> = {
  energyKwh: 'kWh',
  kgceCalorific: 'kgce',
  kgceEquivalent: 'kgce',
};

/** Where the energy goes, with what no meter explains as its own ribbon. */
export function FlowScreen() {
  const { state } = useConsole();
  const unit = useSignal<FlowUnit>('energyKwh');
  const flow = useApi('flow', studyRange(state));
  return (
    <>
      <ScreenHead screen="flow">
        <div class="switch" role="group" aria-label={t('flow.unit')}>
          {units.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={unit.value === one}
              onClick={() => {
                unit.value = one;
              }}
            >
              {t(`flow.${one}`)}
            </button>
          ))}
        </div>
        <RangeButtons ofDays />
      </ScreenHead>
      <section class="panel" aria-label={t('screen.flow')}>
        <Loaded resource={flow} what={t('screen.flow')} rows={12}>
          {(answer) => <Flow answer={answer} unit={unit.value} />}
        </Loaded>
      </section>
    </>
  );
}

function Flow({ answer, unit }: { readonly answer: FlowAnswer; readonly unit: FlowUnit }) {
  const { state } = useConsole();
  const lang = language.value;
  const look = appearance.value;
  const links = useMemo(() => flowLinks(answer, unit), [answer, unit]);
  const nameOf = (path: string) => {
    const node = state.nodes.get(path)?.peek();
    return node === undefined ? path : nameIn(node.displayName, node.name);
  };
  const narrow = matchMedia('(max-width: 760px)').matches;
  const option = useMemo(
    () =>
      flowOption({
        links,
        palette: paletteOf(look),
        nameOf,
        residualName: t('flow.residual'),
        format: (value) => `${formatNumber(value, language.value)} ${unitText[unit]}`,
        narrow,
      }),
    [links, look, lang, unit, narrow],
  );
  if (links.length === 0) {
    const why = unit === 'kgceEquivalent' ? answer.equivalentReason : null;
    return (
      <Empty>
        <p>{why ?? t('flow.empty')}</p>
      </Empty>
    );
  }
  const whole = answer.items.find(({ path }) => path === '');
  const negative = answer.items.filter(({ residualKwh, energyKwh }) => (residualKwh ?? 0) < -1e-6 * energyKwh);
  const summary = t('flow.summary', {
    total: formatNumber(whole?.[unit] ?? null, lang),
    unit: unitText[unit],
    count: links.length,
  });
  return (
    <>
      <Chart option={option} summary={summary} size="flow" testId="flow-chart" points={links.length} />
      {negative.map(({ path, residualKwh }) => (
        <p key={path} class="notice notice-suspect">
          {t('flow.negative', {
            name: nameOf(path),
            value: formatNumber(residualKwh === null ? null : -residualKwh, lang),
          })}
        </p>
      ))}
      <details class="flow-table">
        <summary>{t('flow.table')}</summary>
        <div class="table-scroll" tabIndex={0} role="group" aria-label={t('flow.table')}>
          <table class="data-table">
            <thead>
              <tr>
                <th scope="col">{t('column.name')}</th>
                <th scope="col" class="number">
                  kWh
                </th>
                <th scope="col" class="number">
                  {t('flow.share')}
                </th>
                <th scope="col" class="number">
                  {t('flow.residual')} kWh
                </th>
                <th scope="col" class="number">
                  {t('unit.calorific')} kgce
                </th>
                <th scope="col" class="number">
                  {t('unit.equivalent')} kgce
                </th>
              </tr>
            </thead>
            <tbody>
              {answer.items.map((item) => (
                <tr key={item.path}>
                  <th
                    scope="row"
                    class={`indent-${item.path === '' ? 1 : Math.min(item.path.split('/').length + 1, 6)}`}
                  >
                    {nameOf(item.path)}
                  </th>
                  <td class="number">{formatNumber(item.energyKwh, lang)}</td>
                  <td class="number">
                    {formatShare(
                      whole === undefined || whole.energyKwh <= 0 ? null : item.energyKwh / whole.energyKwh,
                      lang,
                    )}
                  </td>
                  <td class="number">
                    {item.residualKwh === null
                      ? ''
                      : formatNumber(Math.abs(item.residualKwh) < 1e-6 ? 0 : item.residualKwh, lang)}
                  </td>
                  <td class="number">
                    <Figure text={formatNumber(item.kgceCalorific, lang)} reason="no-factor" />
                  </td>
                  <td class="number">
                    <Figure text={formatNumber(item.kgceEquivalent, lang)} reason="no-factor" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}
