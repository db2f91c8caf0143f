import { useSignal } from '@preact/signals';
import type { AlertView } from '../../api/schemas.ts';
import { useConsole } from '../console-context.ts';
import { formatShortInstant } from '../format.ts';
import { nameIn, t } from '../i18n/text.ts';
import { todayOf } from './anomaly-list.tsx';
import { Empty, Failed, failureText, Skeleton } from './load-state.tsx';

const SHOWN = 15;

/** The newest alerts, with the button that says a person has seen them. */
export function AlertList() {
  const { state, actions } = useConsole();
  const loaded = state.alerts.value;
  const items = loaded.state === 'loading' ? null : loaded.value;
  return (
    <section class="panel" aria-labelledby="alerts-title" data-testid="alert-list">
      <div class="panel-head">
        <h2 id="alerts-title">{t('alerts.title')}</h2>
      </div>
      {loaded.state === 'loading' && <Skeleton rows={4} what={t('alerts.title')} />}
      {loaded.state === 'failed' && (
        <Failed what={t('alerts.title')} failure={loaded.failure} onRetry={() => void actions.loadAlerts()} />
      )}
      {items?.length === 0 && (
        <Empty>
          <p>{t('alerts.empty')}</p>
        </Empty>
      )}
      <ul class="list">
        {(items ?? []).slice(0, SHOWN).map((alert) => (
          <AlertItem key={alert.id} alert={alert} />
        ))}
      </ul>
    </section>
  );
}

/** Tells people who cannot see the list move of the newest alert. */
export function Announcer() {
  const { state } = useConsole();
  const alert = state.announced.value;
  return (
    <p class="visually-hidden" aria-live="polite">
      {alert !== null && t('alerts.new', { title: nameIn(alert.title, alert.rule), where: alert.equipment ?? '' })}
    </p>
  );
}

function AlertItem({ alert }: { readonly alert: AlertView }) {
  const { state, actions } = useConsole();
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  const today = todayOf(state);
  const title = nameIn(alert.title, alert.rule);
  const where = [alert.equipment, alert.subject].filter((part) => part !== null && part !== '');
  const acknowledge = async () => {
    busy.value = true;
    const failure = await actions.acknowledge(alert.id);
    busy.value = false;
    problem.value = failure === null ? null : t('alerts.failed', { detail: failureText(failure) });
  };
  return (
    <li class={`list-item alert alert-${alert.severity} alert-${alert.condition}`}>
      <div class="list-line">
        <span class={`tag tag-${alert.severity}`}>{t(`severity.${alert.severity}`)}</span>
        <strong class="alert-title">{title}</strong>
        {alert.review === 'new' && (
          <button
            type="button"
            class="button"
            disabled={busy.value}
            aria-label={t('alerts.acknowledgeOf', { title })}
            onClick={() => void acknowledge()}
          >
            {t('alerts.acknowledge')}
          </button>
        )}
      </div>
      <p class="alert-message">{alert.message}</p>
      <p class="quiet list-place">
        {t(`alerts.${alert.condition}`)} · {formatShortInstant(alert.last, today)} ·{' '}
        {t('alerts.count', { count: alert.count })}
        {where.map((part) => ` · ${part}`)}
        {alert.technique !== null && (
          <span title={`ATT&CK for ICS: ${alert.technique.name}`}> · {alert.technique.id}</span>
        )}
      </p>
      {alert.review === 'acknowledged' && (
        <p class="quiet list-place">
          ✓{' '}
          {t('alerts.acknowledged', {
            by: alert.acknowledgedBy ?? '',
            at: formatShortInstant(alert.acknowledgedAt, today),
          })}
        </p>
      )}
      {problem.value !== null && (
        <p class="form-problem" role="alert">
          {problem.value}
        </p>
      )}
    </li>
  );
}
