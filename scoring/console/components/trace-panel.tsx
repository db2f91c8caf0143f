import { useEffect, useRef } from 'preact/hooks';
import type { AccountAnswer, EnergyAnswer } from '../answers.ts';
import { useConsole } from '../console-context.ts';
import { formatInstant, formatIntensity, formatNumber, formatShare, formatUnit } from '../format.ts';
import { t, textOf } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { useApi } from '../resource.ts';
import { Figure } from './figure.tsx';
import { Loaded } from './screen-head.tsx';

type Amount = AccountAnswer['account']['kgCO2'];

/** What one figure is made of: samples and gaps, tags, factors, revision, and the hash of it all. */
export function TracePanel(props: {
  readonly path: string;
  readonly window: EnergyAnswer['points'][number];
  readonly onClose: () => void;
}) {
  const { path, window: one, onClose } = props;
  const { state } = useConsole();
  const box = useRef<HTMLElement>(null);
  const lang = language.value;
  const account = useApi('account', { path, from: one.start, to: one.end });
  useEffect(() => box.current?.focus(), [one.start]);
  const tags = (state.nodes.get(path)?.peek().tags ?? []).filter(({ role }) => role !== 'process');
  return (
    <aside class="trace" ref={box} tabIndex={-1} aria-label={t('trace.title')} data-testid="trace">
      <div class="panel-head">
        <h4>{t('trace.of', { from: formatInstant(one.start), to: formatInstant(one.end) })}</h4>
        <button type="button" class="button button-quiet" onClick={onClose}>
          {t('page.close')}
        </button>
      </div>
      <p class="trace-sum">
        {formatNumber(one.energyKwh, lang)} kWh ÷ {formatNumber(one.output, lang)} {t('unit.units')} ={' '}
        <strong>
          <Figure text={formatIntensity(one.sec, lang)} reason={one.reason} />
        </strong>{' '}
        {t('unit.perUnit')}
      </p>
      <dl class="trace-facts">
        <Fact term={t('trend.coverage')}>
          <Figure text={formatShare(one.coverage, lang)} reason="no-coverage" /> {one.class ?? ''}
        </Fact>
        <Fact term={t('trace.estimated')}>
          <Figure text={formatShare(one.estimatedShare, lang)} reason="no-data" />
        </Fact>
        <Fact term={t('trace.gap')}>{formatNumber(one.worstGapSeconds, lang)} s</Fact>
        <Fact term={t('trace.unresolved')}>{one.unresolved}</Fact>
        <Fact term={t('trace.revision')}>
          {one.revision} ({t(`trace.state.${one.state}`)})
        </Fact>
        {one.reason !== null && <Fact term={t('trace.reason')}>{textOf('reason', one.reason)}</Fact>}
        {tags.length > 0 && (
          <Fact term={t('trace.tags')}>
            {tags
              .map(
                (tag) =>
                  `${tag.name} (${t(`role.${tag.role}`)}${tag.unit === null ? '' : `, ${formatUnit(tag.unit)}`})`,
              )
              .join(' · ')}
          </Fact>
        )}
      </dl>
      <Loaded resource={account} what={t('trace.title')} rows={3}>
        {({ account: { kgceCalorific, kgceEquivalent, kgCO2, tariff, trace } }) => (
          <dl class="trace-facts">
            <AmountFact term={t('unit.calorific')} unit="kgce" amount={kgceCalorific} />
            <AmountFact term={t('unit.equivalent')} unit="kgce" amount={kgceEquivalent} />
            <AmountFact term="CO₂" unit="kg" amount={kgCO2} />
            {tariff !== null && (
              <Fact term={t('trace.cost')}>
                <Figure text={formatNumber(tariff.cost, lang)} reason="no-price" /> {t('unit.yuan')} · {tariff.plan}
              </Fact>
            )}
            <Fact term={t('trace.version')}>{trace.codeVersion}</Fact>
            <Fact term="SHA-256">
              <code>{trace.hash}</code>
            </Fact>
          </dl>
        )}
      </Loaded>
    </aside>
  );
}

function Fact({ term, children }: { readonly term: string; readonly children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function AmountFact({ term, unit, amount }: { readonly term: string; readonly unit: string; readonly amount: Amount }) {
  return (
    <Fact term={term}>
      {amount.value === null ? (
        <span class="quiet">{amount.reason}</span>
      ) : (
        <>
          {formatNumber(amount.value, language.value)} {unit}{' '}
          <span class="quiet">{[...amount.factorSets, amount.source ?? ''].filter(Boolean).join(' · ')}</span>
        </>
      )}
    </Fact>
  );
}
