import type { EpisodeView } from '../../api/schemas.ts';
import { useConsole } from '../console-context.ts';
import { formatNumber, formatScore, formatShare, formatShortInstant, formatUnit, zoneClock } from '../format.ts';
import { nameIn, t, textOf } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import type { ConsoleState } from '../state.ts';
import { Empty, Failed, Skeleton } from './load-state.tsx';

const SHOWN = 12;
const SENSORS_SHOWN = 3;

/** The newest times a machine behaved unlike itself, with the sensors that show it. */
export function AnomalyList() {
  const { state, actions } = useConsole();
  const loaded = state.anomalies.value;
  const items = loaded.state === 'loading' ? null : loaded.value;
  return (
    <section class="panel" aria-labelledby="anomalies-title" data-testid="anomaly-list">
      <div class="panel-head">
        <h2 id="anomalies-title">{t('anomalies.title')}</h2>
      </div>
      {loaded.state === 'loading' && <Skeleton rows={4} what={t('anomalies.title')} />}
      {loaded.state === 'failed' && (
        <Failed what={t('anomalies.title')} failure={loaded.failure} onRetry={() => void actions.loadAnomalies()} />
      )}
      {items?.length === 0 && (
        <Empty>
          <p>{t('anomalies.empty')}</p>
        </Empty>
      )}
      <ul class="list">
        {(items ?? []).slice(0, SHOWN).map((episode) => (
          <AnomalyItem key={episode.id} episode={episode} />
        ))}
      </ul>
    </section>
  );
}

function AnomalyItem({ episode }: { readonly episode: EpisodeView }) {
  const { state, actions } = useConsole();
  const lang = language.value;
  const today = todayOf(state);
  const node = state.nodes.get(episode.path)?.peek();
  const name = node === undefined ? episode.path : nameIn(node.displayName, node.name);
  return (
    <li class="list-item">
      <div class="list-line">
        <button
          type="button"
          class="link"
          aria-label={t('anomalies.show', { name })}
          onClick={() => actions.select(episode.path)}
        >
          {name}
        </button>
        <span class={episode.to === null ? 'tag tag-high' : 'tag'}>
          {t('anomalies.peak')} {formatScore(episode.peakScore, lang)}
        </span>
        <span class="list-time">
          {formatShortInstant(episode.from, today)} –{' '}
          {episode.to === null ? <strong>{t('anomalies.ongoing')}</strong> : formatShortInstant(episode.to, today)}
        </span>
      </div>
      <p class="quiet list-place">
        {episode.path} · {t('anomalies.context', { context: textOf('state', episode.context) })}
      </p>
      {episode.contributions.length > 0 && (
        <ul class="sensors" aria-label={t('anomalies.sensors')}>
          {episode.contributions.slice(0, SENSORS_SHOWN).map((sensor) => {
            const unit = formatUnit(sensor.unit ?? null);
            const withUnit = (value: number) => `${formatNumber(value, lang)}${unit === '' ? '' : ` ${unit}`}`;
            return (
              <li key={sensor.tag}>
                <span class="sensor-track" aria-hidden="true">
                  <span class="sensor-fill" style={{ width: `${Math.round(sensor.share * 100)}%` }} />
                </span>
                <span class="sensor-share">{formatShare(sensor.share, lang, 0)}</span>
                <span class="sensor-text">
                  <strong>{sensor.tag}</strong>{' '}
                  {t('anomalies.expected', { value: withUnit(sensor.value), expected: withUnit(sensor.expected) })}
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </li>
  );
}

/** The plant's clock, good to the day: it must not render lists every second. */
export function todayOf(state: ConsoleState): string {
  return zoneClock(state.now.peek() + state.clockOffsetMs.peek(), state.site.value?.timezone ?? 'UTC');
}
