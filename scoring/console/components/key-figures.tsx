import type { ComponentChildren } from 'preact';
import { useConsole } from '../console-context.ts';
import { formatFixed, formatIntensity, formatNumber, formatShare, NO_FIGURE } from '../format.ts';
import { language } from '../preferences.ts';
import { t } from '../i18n/text.ts';
import { Figure } from './figure.tsx';

/** The figures of the whole site today. */
export function KeyFigures() {
  const { state } = useConsole();
  // The order tells when the site object has arrived.
  const path = state.order.value[0];
  const live = path === undefined ? null : (state.nodes.get(path)?.value.live ?? null);
  const lang = language.value;
  if (live === null) return <KeyFigureSkeleton />;
  return (
    <section class="key-figures" aria-label={t('key.title')}>
      <KeyFigure title={t('key.power')} unit="kW">
        <Figure text={formatFixed(live.powerKw, 1, lang)} reason="no-value" />
      </KeyFigure>
      <KeyFigure title={t('key.energy')} unit="kWh">
        <Figure text={formatNumber(live.energyTodayKwh, lang)} reason={live.secReason} />
      </KeyFigure>
      <KeyFigure title={t('key.output')} unit={t('unit.units')} hint={t('key.outputHint')}>
        <Figure text={formatNumber(live.outputToday, lang)} reason="no-value" />
      </KeyFigure>
      <KeyFigure
        title={t('key.sec')}
        unit={t('unit.perUnit')}
        lead
        note={live.secHour === null ? undefined : t('key.secHour', { value: formatIntensity(live.secHour, lang) })}
      >
        <Figure text={formatIntensity(live.secToday, lang)} reason={live.secReason} />
      </KeyFigure>
      <KeyFigure title={t('key.idle')} hint={t('key.idleHint')}>
        <Figure text={formatShare(live.idleShareToday, lang)} reason="no-value" />
      </KeyFigure>
      <KeyFigure
        title={t('key.class')}
        note={
          live.coverageToday === null ? undefined : t('key.coverage', { value: formatShare(live.coverageToday, lang) })
        }
      >
        <Figure
          text={live.classToday ?? NO_FIGURE}
          reason={live.coverageToday === null ? 'no-coverage' : 'low-coverage'}
        />
      </KeyFigure>
    </section>
  );
}

function KeyFigure(props: {
  readonly title: string;
  readonly unit?: string;
  readonly hint?: string;
  readonly note?: string | undefined;
  readonly lead?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <div class={props.lead === true ? 'key-figure key-figure-lead' : 'key-figure'}>
      <p class="key-title" title={props.hint}>
        {props.title}
      </p>
      <p class="key-value">
        {props.children}
        {props.unit !== undefined && <span class="key-unit">{props.unit}</span>}
      </p>
      {props.note !== undefined && <p class="key-note">{props.note}</p>}
    </div>
  );
}

function KeyFigureSkeleton() {
  return (
    <section class="key-figures" aria-label={t('key.title')} aria-busy="true">
      {(['power', 'energy', 'output', 'sec', 'idle', 'class'] as const).map((name) => (
        <div key={name} class="key-figure">
          <p class="key-title">{t(`key.${name}`)}</p>
          <p class="key-value">
            <span class="skeleton-bar" />
          </p>
        </div>
      ))}
    </section>
  );
}
