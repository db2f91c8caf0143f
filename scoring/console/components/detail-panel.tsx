import type { EquipmentView } from '../answers.ts';
import { useConsole } from '../console-context.ts';
import { formatFixed, formatIntensity, formatNumber, formatShare } from '../format.ts';
import { nameIn, t } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { ranges, type RangeName } from '../state.ts';
import { ClassMark, StateMark } from './equipment-row.tsx';
import { Figure } from './figure.tsx';
import { studyRangeName } from '../study-range.ts';
import { Empty, Skeleton } from './load-state.tsx';
import { ScorePanel } from './score-panel.tsx';
import { TagTable } from './tag-table.tsx';
import { TrendPanel } from './trend-panel.tsx';

/** Everything about the selected object. */
export function DetailPanel() {
  const { state } = useConsole();
  // The order tells when objects have come or gone.
  const known = state.order.value.includes(state.selected.value);
  const node = known ? state.nodes.get(state.selected.value)?.value : undefined;
  return (
    <section class="panel detail-panel" aria-label={t('detail.title')}>
      {node === undefined ? (
        <Missing />
      ) : (
        <>
          <DetailHead node={node} />
          <TrendPanel name={nameIn(node.displayName, node.name)} />
          <ScorePanel name={nameIn(node.displayName, node.name)} isMachine={node.level === 'equipment'} />
          {node.level === 'equipment' && <TagTable tags={node.tags} />}
        </>
      )}
    </section>
  );
}

function Missing() {
  const { state } = useConsole();
  if (state.equipment.value.state === 'loading') return <Skeleton rows={8} what={t('detail.title')} />;
  return (
    <Empty>
      <p>{t('detail.missing', { path: state.selected.value })}</p>
    </Empty>
  );
}

function DetailHead({ node }: { readonly node: EquipmentView }) {
  const { live } = node;
  const lang = language.value;
  const place = [t(`level.${node.level}`), node.path, node.kind].filter((part) => part !== null && part !== '');
  return (
    <>
      <div class="panel-head">
        <h2>{nameIn(node.displayName, node.name)}</h2>
        {node.level === 'equipment' && <StateMark state={node.state} />}
        <RangeButtons />
      </div>
      <p class="quiet detail-place">{place.join(' · ')}</p>
      <dl class="facts">
        <Fact term={t('key.power')} unit="kW" text={formatFixed(live.powerKw, 1, lang)} reason="no-value" />
        <Fact
          term={t('key.energy')}
          unit="kWh"
          text={formatNumber(live.energyTodayKwh, lang)}
          reason={live.secReason}
        />
        <Fact
          term={t('key.output')}
          unit={t('unit.units')}
          text={formatNumber(live.outputToday === null ? null : Math.round(live.outputToday), lang)}
          reason="no-value"
        />
        <Fact
          term={t('key.sec')}
          unit={t('unit.perUnit')}
          text={formatIntensity(live.secToday, lang)}
          reason={live.secReason}
        />
        <Fact term={t('key.idle')} unit="" text={formatShare(live.idleShareToday, lang)} reason="no-value" />
        <div>
          <dt>{t('key.class')}</dt>
          <dd>
            <ClassMark live={live} />
          </dd>
        </div>
      </dl>
    </>
  );
}

function Fact(props: {
  readonly term: string;
  readonly unit: string;
  readonly text: string;
  readonly reason: string | null;
}) {
  return (
    <div>
      <dt>{props.term}</dt>
      <dd>
        <Figure text={props.text} reason={props.reason} /> <span class="key-unit">{props.unit}</span>
      </dd>
    </div>
  );
}

/** Chooses the range of charts and tables. */
export function RangeButtons({ ofDays = false }: { /** Only ranges of whole days. */ readonly ofDays?: boolean }) {
  const { state } = useConsole();
  const names: readonly RangeName[] = ofDays ? ['7d', '30d'] : (Object.keys(ranges) as RangeName[]);
  const current = ofDays ? studyRangeName(state) : state.range.value;
  return (
    <div class="switch" role="group" aria-label={t('range.label')}>
      {names.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={current === name}
          onClick={() => {
            state.range.value = name;
          }}
        >
          {t(`range.${name}`)}
        </button>
      ))}
    </div>
  );
}
