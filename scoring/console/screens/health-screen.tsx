import { ConnectionTable } from '../components/connection-table.tsx';
import { HealthTasks } from '../components/health-tasks.tsx';
import { QualityTable } from '../components/quality-table.tsx';
import { Loaded, ScreenHead } from '../components/screen-head.tsx';
import { ServiceCards } from '../components/service-cards.tsx';
import { useConsole } from '../console-context.ts';
import { healthTasks } from '../health-tasks.ts';
import { t } from '../i18n/text.ts';
import { useApi } from '../resource.ts';

/** What is wrong with the data, where, and what to do: a list of tasks first, the evidence below it. */
export function HealthScreen() {
  const { state, actions } = useConsole();
  const quality = useApi('data-quality');
  const health = { loaded: state.health.value, reload: () => void actions.loadHealth() };
  const known = <T,>(loaded: { readonly state: string; readonly value?: T | null }) => loaded.value ?? null;
  const offset = Math.round(state.clockOffsetMs.value / 1000) * 1000;
  return (
    <>
      <ScreenHead screen="health" />
      <section class="panel" aria-labelledby="tasks-title">
        <Loaded resource={health} what={t('screen.health')} rows={4}>
          {(answer) => <HealthTasks tasks={healthTasks(answer, known(quality.loaded), offset)} />}
        </Loaded>
      </section>
      <section class="panel" aria-labelledby="service-title">
        <h3 id="service-title">{t('service.title')}</h3>
        <Loaded resource={health} what={t('service.title')} rows={3}>
          {(answer) => <ServiceCards health={answer} />}
        </Loaded>
      </section>
      <section class="panel" aria-labelledby="links-title">
        <h3 id="links-title">{t('links.title')}</h3>
        <Loaded resource={health} what={t('links.title')} rows={3}>
          {(answer) => <ConnectionTable health={answer} />}
        </Loaded>
      </section>
      <section class="panel" aria-labelledby="quality-title">
        <h3 id="quality-title">{t('quality.title')}</h3>
        <Loaded resource={quality} what={t('quality.title')}>
          {(answer) => <QualityTable answer={answer} />}
        </Loaded>
      </section>
    </>
  );
}
