import type { SetupAnswer } from '../answers.ts';
import { formatNumber } from '../format.ts';
import { t } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { HowTo } from './how-to.tsx';

type Tariff = NonNullable<SetupAnswer['tariff']>;
type Span = Tariff['seasons'][number]['spans'][number];
const levels = ['sharp', 'peak', 'flat', 'valley', 'deep-valley'] as const;

/** Time-of-use tariff by season as strips of a day, and how the plant divides its time. */
export function SetupTariff({ setup }: { readonly setup: SetupAnswer }) {
  const { calendar, tariff } = setup;
  return (
    <>
      <h3>{t('setup.tariffTitle')}</h3>
      {tariff === null ? <p class="quiet">{t('setup.tariffNone')}</p> : <TariffPart tariff={tariff} />}
      <h3 class="section-head">{t('setup.calendar')}</h3>
      <dl class="trace-facts">
        <div>
          <dt>{t('setup.timezone')}</dt>
          <dd>{calendar.timezone}</dd>
        </div>
        <div>
          <dt>{t('setup.dayStarts')}</dt>
          <dd>{calendar.dayStartsAt}</dd>
        </div>
        <div>
          <dt>{t('setup.readingDay')}</dt>
          <dd>{calendar.meterReadingDay}</dd>
        </div>
        <div>
          <dt>{t('setup.shifts')}</dt>
          <dd>
            {calendar.shifts.length === 0
              ? t('setup.shiftsNone')
              : calendar.shifts.map(({ name, from, to }) => `${name} ${from}–${to}`).join(', ')}
          </dd>
        </div>
      </dl>
      <HowTo
        file={[
          'plant.timezone',
          'scoring.energy.tariff',
          'scoring.energy.shifts',
          'scoring.energy.dayStartsAt',
          'scoring.energy.meterReadingDay',
        ]}
        commands={['joulegate check plant.yaml']}
      />
    </>
  );
}

function TariffPart({ tariff }: { readonly tariff: Tariff }) {
  const price = tariff.flatPriceYuan;
  return (
    <>
      <p>
        <strong>{tariff.id}</strong>{' '}
        <span class="quiet">
          {tariff.source} · {tariff.validFrom} – {tariff.validTo ?? t('setup.openEnd')}
        </span>
      </p>
      <p class={price === null ? 'quiet' : ''}>
        {price === null ? t('reason.no-price') : t('setup.flatPrice', { price: formatNumber(price, language.value) })}
      </p>
      <ul class="tariff-legend">
        {levels.map((level) => (
          <li key={level}>
            <span class={`tariff-key tariff-${level}`} aria-hidden="true" /> {t(`tariff.${level}`)}
          </li>
        ))}
      </ul>
      {tariff.seasons.map((season) => (
        <DayStrip key={season.months.join()} title={months(season.months)} spans={season.spans} />
      ))}
      {tariff.overlays.map((overlay) => (
        <DayStrip
          key={`${overlay.months.join()}|${overlay.days.join()}`}
          title={`${months(overlay.months)} · ${overlay.days.map((day) => t(`day.${day}`)).join(', ')}`}
          spans={overlay.spans}
        />
      ))}
      <details class="more">
        <summary>{t('setup.holidays', { count: tariff.holidays.length })}</summary>
        <p class="cell-text">{tariff.holidays.join(', ')}</p>
        <p class="cell-text">
          {t('setup.makeUp')}: {tariff.makeUpWorkdays.join(', ')}
        </p>
      </details>
    </>
  );
}

/** A day from 0 to 24 h; the list says the same in words. */
function DayStrip({ title, spans }: { readonly title: string; readonly spans: readonly Span[] }) {
  const sorted = [...spans].sort((a, b) => minute(a.from) - minute(b.from));
  return (
    <div class="tariff-day">
      <p>{title}</p>
      <div class="tariff-strip" aria-hidden="true">
        {sorted.map((span) => (
          <span
            key={span.from}
            class={`tariff-${span.level}`}
            style={{
              insetInlineStart: `${(minute(span.from) / 1440) * 100}%`,
              width: `${((minute(span.to) - minute(span.from)) / 1440) * 100}%`,
            }}
          />
        ))}
      </div>
      <p class="quiet tariff-words">
        {sorted.map(({ level, from, to }) => `${from}–${to} ${t(`tariff.${level}`)}`).join(' · ')}
      </p>
    </div>
  );
}

const minute = (text: string): number => {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
};

const months = (list: readonly number[]): string =>
  list.length === 12 ? t('setup.allYear') : t('setup.months', { months: list.join(', ') });
