import { useConsole } from '../console-context.ts';
import { t } from '../i18n/text.ts';
import { HowTo } from './how-to.tsx';

/** Who may come in, and the commands that change it. */
export function SetupUsers() {
  const { state } = useConsole();
  return (
    <>
      <p>{t(state.signedIn.value ? 'users.byToken' : 'users.openLoopback')}</p>
      <h3 class="section-head">{t('users.mqtt')}</h3>
      <p class="quiet">{t('users.mqttHint')}</p>
      <HowTo
        file={['scoring.api']}
        commands={[
          'joulegate user list',
          "joulegate user add NAME --publish 'cell/%u/#'",
          'joulegate user remove NAME',
        ]}
      />
    </>
  );
}
