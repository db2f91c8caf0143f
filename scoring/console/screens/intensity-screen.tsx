import { useSignal } from '@preact/signals';
import type { EnergyAnswer } from '../answers.ts';
import type { BaselineAnswer } from '../answers.ts';
import { RangeButtons } from '../components/detail-panel.tsx';
import { Figure } from '../components/figure.tsx';
import { Empty } from '../components/load-state.tsx';
import { ObjectPicker } from '../components/object-picker.tsx';
import { Card, Loaded, ScreenHead } from '../components/screen-head.tsx';
import { TracePanel } from '../components/trace-panel.tsx';
import { TrendPanel } from '../components/trend-panel.tsx';
import { useConsole } from '../console-context.ts';
import { formatChange, formatInstant, formatIntensity, formatNumber, formatShare } from '../format.ts';
import { nameIn, t } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { useApi } from '../resource.ts';
import { formatRoute } from '../route.ts';
import { studyRange } from '../study-range.ts';

type Window = EnergyAnswer['points'][number];
const WINDOWS_SHOWN = 48;

/** Energy per unit of one object: against its base, raw and load-adjusted, down to a window and its trace. */
export function IntensityScreen() {
  const { state } = useConsole();
  const path = state.selected.value;
  const study = useApi('baseline', { path, ...studyRange(state) });
  const node = state.nodes.get(path)?.value;
  const name = node === undefined ? path : nameIn(node.displayName, node.name);
  const suspect = state.suspects.value.get(path);
  return (
    <>
      <ScreenHead screen="intensity">
        <ObjectPicker />
        <RangeButtons />
      </ScreenHead>
      {suspect !== undefined && (
        <p class="notice notice-suspect" role="status">
          {t('tree.suspect', { title: nameIn(suspect.title, suspect.rule) })}
        </p>
      )}
      <section class="panel" aria-label={t('intensity.changes')}>
        <Loaded resource={study} what={t('intensity.changes')} rows={2}>
          {(answer) => <Changes answer={answer} />}
        </Loaded>
      </section>
      <section class="panel trend-panel" aria-label={t('trend.title')}>
        <TrendPanel name={name} withTarget />
      </section>
      <Below />
      <Windows />
    </>
  );
}

function Changes({ answer }: { readonly answer: BaselineAnswer }) {
  const lang = language.value;
  const { rawChange, adjustedChange, energyKwh, expectedKwh } = answer;
  const why =
    answer.model === null ? 'no-baseline' : answer.validity?.valid === true ? 'no-days' : 'baseline-not-valid';
  const load = rawChange === null || adjustedChange === null ? null : rawChange - adjustedChange;
  const excess = adjustedChange === null || energyKwh === null || expectedKwh === null ? null : energyKwh - expectedKwh;
  const base = t('intensity.base', { from: answer.baseFrom.slice(0, 10), to: answer.from.slice(0, 10) });
  return (
    <>
      <div class="cards">
        <Card title={t('target.raw')} note={t('target.rawHint')}>
          <Figure text={formatChange(rawChange, lang)} reason="no-days" />
        </Card>
        <Card title={t('target.adjusted')} note={t('target.adjustedHint')}>
          <Figure text={formatChange(adjustedChange, lang)} reason={why} />
        </Card>
        <Card title={t('target.load')} note={t('target.loadHint')}>
          <Figure text={formatChange(load, lang)} reason={why} />
        </Card>
        <Card title={t('ranking.excess')} unit="kWh" note={t('ranking.excessHint')}>
          <Figure text={formatNumber(excess, lang).replace('-', '−')} reason={why} />
        </Card>
      </div>
      <p class="chart-foot quiet">
        {base} · <a href={formatRoute({ screen: 'baseline', path: answer.path })}>{t('intensity.toBaseline')}</a>
      </p>
    </>
  );
}

/** The objects right below, each a way further down. */
function Below() {
  const { state } = useConsole();
  const path = state.selected.value;
  const lang = language.value;
  const children = state.order.value.flatMap((one) => {
    const node = state.nodes.get(one)?.value;
    return node?.parent === path && one !== path ? [node] : [];
  });
  if (children.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="below-title">
      <h3 id="below-title">{t('intensity.below')}</h3>
      <div class="table-scroll" tabIndex={0} role="group" aria-labelledby="below-title">
        <table class="data-table">
          <thead>
            <tr>
              <th scope="col">{t('column.name')}</th>
              <th scope="col" class="number">
                {t('column.energy')}
              </th>
              <th scope="col" class="number">
                {t('column.output')}
              </th>
              <th scope="col" class="number">
                {t('column.sec')}
              </th>
              <th scope="col" class="number">
                {t('column.idle')}
              </th>
              <th scope="col">{t('column.class')}</th>
            </tr>
          </thead>
          <tbody>
            {children.map((node) => (
              <tr key={node.path}>
                <th scope="row">
                  <a href={formatRoute({ screen: 'intensity', path: node.path })}>
                    {nameIn(node.displayName, node.name)}
                  </a>
                </th>
                <td class="number">
                  <Figure text={formatNumber(node.live.energyTodayKwh, lang)} reason={node.live.secReason} />
                </td>
                <td class="number">
                  <Figure text={formatNumber(node.live.outputToday, lang)} reason="no-value" />
                </td>
                <td class="number">
                  <Figure text={formatIntensity(node.live.secToday, lang)} reason={node.live.secReason} />
                </td>
                <td class="number">
                  <Figure text={formatShare(node.live.idleShareToday, lang)} reason="no-value" />
                </td>
                <td>{node.live.classToday ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** The windows of the chart as a table; one opens its trace. */
function Windows() {
  const { state } = useConsole();
  const lang = language.value;
  const opened = useSignal<Window | null>(null);
  const loaded = state.trend.value;
  const answer = loaded.state === 'loading' ? null : loaded.value;
  if (answer === null) return null;
  const points = answer.points.slice(-WINDOWS_SHOWN).reverse();
  const open = points.find(({ start }) => start === opened.value?.start);
  return (
    <section class="panel" aria-labelledby="windows-title">
      <h3 id="windows-title">{t('intensity.windows')}</h3>
      <p class="quiet">{t('intensity.windowsHint')}</p>
      {points.length === 0 && (
        <Empty>
          <p>{t('trend.empty')}</p>
        </Empty>
      )}
      {open !== undefined && (
        <TracePanel
          path={answer.path}
          window={open}
          onClose={() => {
            opened.value = null;
          }}
        />
      )}
      <div class="table-scroll table-tall" tabIndex={0} role="group" aria-labelledby="windows-title">
        <table class="data-table">
          <thead>
            <tr>
              <th scope="col">{t('trace.window')}</th>
              <th scope="col" class="number">
                kWh
              </th>
              <th scope="col" class="number">
                {t('column.output')}
              </th>
              <th scope="col" class="number">
                {t('column.sec')}
              </th>
              <th scope="col" class="number">
                {t('trend.coverage')}
              </th>
              <th scope="col">{t('column.class')}</th>
              <th scope="col">{t('trace.title')}</th>
            </tr>
          </thead>
          <tbody>
            {points.map((point) => (
              <tr key={point.start} class={open?.start === point.start ? 'row-open' : ''}>
                <th scope="row">
                  {formatInstant(point.start)}
                  {point.state === 'open' && <span class="quiet"> ({t('trend.open')})</span>}
                </th>
                <td class="number">
                  <Figure text={formatNumber(point.energyKwh, lang)} reason={point.reason} />
                </td>
                <td class="number">
                  <Figure text={formatNumber(point.output, lang)} reason={point.reason} />
                </td>
                <td class="number">
                  <Figure text={formatIntensity(point.sec, lang)} reason={point.reason} />
                </td>
                <td class="number">
                  <Figure text={formatShare(point.coverage, lang)} reason="no-coverage" />
                </td>
                <td>{point.class ?? ''}</td>
                <td>
                  <button
                    type="button"
                    class="button"
                    aria-label={t('trace.open', { at: formatInstant(point.start) })}
                    onClick={() => {
                      opened.value = point;
                    }}
                  >
                    {t('trace.title')}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
