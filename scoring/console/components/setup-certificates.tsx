import { useConsole } from '../console-context.ts';
import { plainName, t } from '../i18n/text.ts';
import { HowTo } from './how-to.tsx';
import { Loaded } from './screen-head.tsx';

const concerned = ['CERTIFICATE_UNTRUSTED', 'CERTIFICATE_EXPIRING', 'ENDPOINT_REFUSED'];

/**
 * What waits for a decision about trust. Decisions are made at the gateway, by whoever compares the fingerprint with the
 * machine: a console session must not be enough to make a gateway believe a server.
 */
export function SetupCertificates() {
  const { state, actions } = useConsole();
  const health = { loaded: state.health.value, reload: () => void actions.loadHealth() };
  return (
    <>
      <p class="quiet">{t('certificates.hint')}</p>
      <Loaded resource={health} what={t('setup.certificates')} rows={3}>
        {({ services, problems }) => {
          const waiting = problems.filter(({ code }) => concerned.includes(code));
          return (
            <>
              <h3 class="section-head">{t('certificates.own')}</h3>
              <ul class="plain-list">
                {services
                  .filter(({ service }) => service === 'gateway')
                  .map(({ id, figures }) => (
                    <li key={id}>
                      <strong>{plainName(id)}</strong>{' '}
                      {figures['ownCertificateDaysLeft'] === undefined
                        ? t('certificates.ownNone')
                        : t('certificates.daysLeft', { days: figures['ownCertificateDaysLeft'] })}
                    </li>
                  ))}
              </ul>
              <h3 class="section-head">{t('certificates.waiting')}</h3>
              {waiting.length === 0 ? (
                <p class="quiet">{t('certificates.none')}</p>
              ) : (
                <ul class="task-list">
                  {waiting.map(({ code, where, message, remedy, severity }) => (
                    <li key={`${code}${where}`} class={`task task-${severity}`}>
                      <p>
                        <strong>{plainName(where)}</strong>
                      </p>
                      <p lang="en">{message}</p>
                      <p lang="en">
                        <code>{remedy}</code>
                      </p>
                    </li>
                  ))}
                </ul>
              )}
            </>
          );
        }}
      </Loaded>
      <HowTo
        commands={[
          'joulegate cert list',
          'joulegate cert show FINGERPRINT',
          'joulegate cert trust FINGERPRINT',
          'joulegate cert reject FINGERPRINT',
          'joulegate cert renew',
        ]}
      />
    </>
  );
}
