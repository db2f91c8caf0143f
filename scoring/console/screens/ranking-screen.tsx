import { useSignal } from '@preact/signals';
import type { RankingAnswer } from '../answers.ts';
import { RangeButtons } from '../components/detail-panel.tsx';
import { Figure } from '../components/figure.tsx';
import { Empty } from '../components/load-state.tsx';
import { Card, Loaded, ScreenHead } from '../components/screen-head.tsx';
import { useConsole } from '../console-context.ts';
import { formatFixed, formatIntensity, formatNumber, formatShare } from '../format.ts';
import { nameIn, t } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { useApi } from '../resource.ts';
import { formatRoute } from '../route.ts';
import { studyRange } from '../study-range.ts';

type Item = RankingAnswer['items'][number];
const orders = ['excess', 'idle', 'energy'] as const;
const valueOf: Readonly<Record<(typeof orders)[number], (item: Item) => number | null>> = {
  excess: ({ excessKwh }) => excessKwh,
  idle: ({ idleKwh }) => idleKwh,
  energy: ({ energyKwh }) => energyKwh,
};

/** Machines by what they use beyond their own base, and what idling costs. */
export function RankingScreen() {
  const { state } = useConsole();
  const ranking = useApi('ranking', studyRange(state));
  return (
    <>
      <ScreenHead screen="ranking">
        <RangeButtons ofDays />
      </ScreenHead>
      <section class="panel" aria-label={t('screen.ranking')}>
        <Loaded resource={ranking} what={t('screen.ranking')}>
          {(answer) => <Ranking answer={answer} />}
        </Loaded>
      </section>
    </>
  );
}

function Ranking({ answer }: { readonly answer: RankingAnswer }) {
  const { state } = useConsole();
  const order = useSignal<(typeof orders)[number]>('excess');
  const lang = language.value;
  if (answer.items.length === 0)
    return (
      <Empty>
        <p>{t('tree.empty')}</p>
        <p>{t('tree.emptyHint')}</p>
      </Empty>
    );
  const by = valueOf[order.value];
  const items = [...answer.items].sort((a, b) => (by(b) ?? -Infinity) - (by(a) ?? -Infinity) || 0);
  const most = Math.max(1e-9, ...items.map((item) => Math.abs(by(item) ?? 0)));
  const sum = (pick: (item: Item) => number | null) => {
    const known = answer.items.flatMap((item) => pick(item) ?? []);
    return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
  };
  const wasted = sum(({ excessKwh }) => (excessKwh === null ? null : Math.max(0, excessKwh)));
  const wastedCost = sum(({ excessCost }) => (excessCost === null ? null : Math.max(0, excessCost)));
  return (
    <>
      <div class="cards">
        <Card title={t('ranking.wasted')} unit="kWh" note={money(wastedCost)}>
          <Figure text={formatNumber(wasted, lang)} reason="no-baseline" />
        </Card>
        <Card title={t('ranking.idle')} unit="kWh" note={money(sum(({ idleCost }) => idleCost))}>
          <Figure
            text={formatNumber(
              sum(({ idleKwh }) => idleKwh),
              lang,
            )}
            reason="no-data"
          />
        </Card>
        <Card title={t('ranking.total')} unit="kWh" note={money(sum(({ cost }) => cost))}>
          <Figure
            text={formatNumber(
              sum(({ energyKwh }) => energyKwh),
              lang,
            )}
            reason="no-data"
          />
        </Card>
      </div>
      <div class="switch table-switch" role="group" aria-label={t('ranking.order')}>
        {orders.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={order.value === one}
            onClick={() => {
              order.value = one;
            }}
          >
            {t(`ranking.by.${one}`)}
          </button>
        ))}
      </div>
      <div class="table-scroll" tabIndex={0} role="group" aria-label={t('screen.ranking')}>
        <table class="data-table ranking-table" data-testid="ranking-table">
          <thead>
            <tr>
              <th scope="col" class="number">
                #
              </th>
              <th scope="col">{t('level.equipment')}</th>
              <th scope="col" class="column-bar">
                <span class="visually-hidden">{t('ranking.bar')}</span>
              </th>
              <th scope="col" class="number">
                {t('ranking.excess')} kWh
              </th>
              <th scope="col" class="number">
                {t('ranking.excess')} {t('unit.yuan')}
              </th>
              <th scope="col" class="number">
                {t('ranking.idle')} kWh
              </th>
              <th scope="col" class="number">
                {t('ranking.idle')} {t('unit.yuan')}
              </th>
              <th scope="col" class="number">
                {t('ranking.idleHours')}
              </th>
              <th scope="col" class="number">
                {t('ranking.idleShare')}
              </th>
              <th scope="col" class="number">
                {t('ranking.total')} kWh
              </th>
              <th scope="col" class="number">
                {t('column.sec')}
              </th>
              <th scope="col">{t('column.class')}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item, index) => {
              const node = state.nodes.get(item.path)?.peek();
              const value = by(item);
              return (
                <tr key={item.path}>
                  <td class="number quiet">{index + 1}</td>
                  <th scope="row">
                    <a href={formatRoute({ screen: 'intensity', path: item.path })}>
                      {node === undefined ? item.path : nameIn(node.displayName, node.name)}
                    </a>
                    {state.suspects.value.has(item.path) && (
                      <span class="tag tag-suspect">{t('tree.suspectShort')}</span>
                    )}
                    <span class="quiet row-place">{item.path}</span>
                  </th>
                  <td class="column-bar" aria-hidden="true">
                    <span class="rank-track">
                      <span
                        class={(value ?? 0) < 0 ? 'rank-fill rank-saving' : 'rank-fill'}
                        style={{ width: `${(Math.abs(value ?? 0) / most) * 100}%` }}
                      />
                    </span>
                  </td>
                  <td class={`number ${(item.excessKwh ?? 0) > 0 ? 'is-excess' : 'is-saving'}`}>
                    <Figure text={signed(item.excessKwh)} reason={item.excessReason} />
                  </td>
                  <td class="number">
                    <Figure text={signed(item.excessCost)} reason={item.excessReason ?? 'no-price'} />
                  </td>
                  <td class="number">
                    <Figure text={formatFixed(item.idleKwh, 1, lang)} reason={item.reason} />
                  </td>
                  <td class="number">
                    <Figure text={formatFixed(item.idleCost, 1, lang)} reason="no-price" />
                  </td>
                  <td class="number">{formatFixed(item.idleHours, 1, lang)}</td>
                  <td class="number">
                    <Figure text={formatShare(item.idleShare, lang)} reason={item.reason} />
                  </td>
                  <td class="number">
                    <Figure text={formatFixed(item.energyKwh, 1, lang)} reason={item.reason} />
                  </td>
                  <td class="number">
                    <Figure text={formatIntensity(item.sec, lang)} reason={item.reason} />
                  </td>
                  <td>{item.class ?? ''}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="chart-foot quiet">{t('ranking.foot', { from: answer.from.slice(0, 10) })}</p>
    </>
  );
}

const signed = (value: number | null) =>
  value !== null && value > 0
    ? `+${formatFixed(value, 1, language.value)}`
    : formatFixed(value, 1, language.value).replace('-', '−');

const money = (value: number | null) =>
  value === null ? t('reason.no-price') : `${formatNumber(value, language.value)} ${t('unit.yuan')}`;
