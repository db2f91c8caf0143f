import type { HealthAnswer } from '../answers.ts';
import { useConsole } from '../console-context.ts';
import { formatAge, formatBytes, formatNumber, NO_FIGURE } from '../format.ts';
import { t } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { Figure } from './figure.tsx';
import { Card } from './screen-head.tsx';

/** Outbox, broker, store, sinks and clocks, one figure each. */
export function ServiceCards({ health }: { readonly health: HealthAnswer }) {
  const { state } = useConsole();
  const lang = language.value;
  const of = (name: string) => health.services.filter(({ service }) => service === name);
  // The server tells its time in whole seconds.
  const seconds = Math.round(Math.abs(state.clockOffsetMs.value) / 1000);
  const offset = seconds < 2 ? 0 : seconds;
  const skews = health.services.flatMap(({ connections = [] }) => connections.flatMap((one) => one.clockSkewMs ?? []));
  const worst = skews.length === 0 ? null : Math.max(...skews.map(Math.abs)) / 1000;
  const writes = !health.problems.some(({ code }) => code === 'STORE_FAILED');
  return (
    <div class="cards service-cards">
      {of('gateway').map(({ id, figures }) => (
        <Card
          key={id}
          title={`${t('service.outbox')} · ${id}`}
          unit={t('service.records')}
          note={t('service.outboxNote', {
            size: formatBytes(figures['outboxBytes'] ?? null, lang),
            ms: figures['unwrittenMsMax'] ?? NO_FIGURE,
          })}
        >
          <Figure text={formatNumber(figures['outboxDepth'] ?? null, lang)} reason="no-value" />
        </Card>
      ))}
      {of('broker').map(({ id, figures }) => (
        <Card
          key={id}
          title={`${t('service.clients')} · ${id}`}
          note={t('service.clientsNote', {
            queued: formatNumber(figures['queuedMessages'] ?? null, lang),
            up: figures['bridgesConnected'] ?? NO_FIGURE,
            all: figures['bridges'] ?? NO_FIGURE,
          })}
        >
          <Figure text={formatNumber(figures['clients'] ?? null, lang)} reason="no-value" />
        </Card>
      ))}
      {of('scoring').map(({ id, figures }) => (
        <>
          <Card
            key={id}
            title={t('service.values')}
            note={t('service.uptime', { age: formatAge((figures['uptimeSeconds'] ?? 0) * 1000) })}
          >
            <Figure text={formatNumber(figures['valuesTotal'] ?? null, lang)} reason="no-value" />
          </Card>
          <Card
            key={`${id} lost`}
            title={t('service.lost')}
            note={t('service.lostNote', {
              gaps: formatNumber(figures['gapsTotal'] ?? null, lang),
              duplicates: formatNumber(figures['duplicatesTotal'] ?? null, lang),
            })}
          >
            <Figure text={formatNumber(figures['lostTotal'] ?? null, lang)} reason="no-value" />
          </Card>
          <Card key={`${id} store`} title={t('service.store')} note={t('service.storeNote')}>
            <span class={writes ? 'is-saving' : 'is-excess'}>{t(writes ? 'service.storeOk' : 'service.storeBad')}</span>
          </Card>
          {figures['influxQueued'] !== undefined && (
            <Card
              key={`${id} sink`}
              title={t('service.sink')}
              note={t('service.sinkNote', {
                queued: formatNumber(figures['influxQueued'], lang),
                refused: formatNumber(figures['influxRefused'] ?? null, lang),
                dropped: formatNumber(figures['influxDropped'] ?? null, lang),
              })}
            >
              {formatNumber(figures['influxSent'] ?? null, lang)}
            </Card>
          )}
        </>
      ))}
      <Card
        title={`${t('service.clock')} · ${t('service.worst')}`}
        unit="s"
        note={t('service.clockNote', { browser: offset })}
      >
        <Figure text={formatNumber(worst, lang)} reason="no-value" />
      </Card>
    </div>
  );
}
