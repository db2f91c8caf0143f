import { useConsole } from '../console-context.ts';
import { formatAge, zoneClock } from '../format.ts';
import { nameIn, t } from '../i18n/text.ts';
import { chooseLanguage, chooseTheme, language, theme, themes } from '../preferences.ts';
import { HealthBadge } from './health-badge.tsx';

/** Name of the site, whether the page is live, health, and the settings of the reader. */
export function SiteHeader() {
  const { state } = useConsole();
  const site = state.site.value;
  return (
    <header class="site-header">
      <div class="brand">
        <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M5 10l6 6 4-3 6 8 6-4" />
        </svg>
        <div class="brand-names">
          <h1>{site === null ? 'Joulegate' : nameIn(site.displayName, site.name)}</h1>
          <p>{site === null ? '' : `Joulegate · ${site.enterprise}`}</p>
        </div>
      </div>
      {!state.needsSignIn.value && (
        <>
          <LiveState />
          <HealthBadge />
        </>
      )}
      <Settings />
    </header>
  );
}

function LiveState() {
  const { state } = useConsole();
  const { state: kind, ageMs } = state.liveness.value;
  const timezone = state.site.value?.timezone;
  const clock = timezone === undefined ? null : zoneClock(state.now.value + state.clockOffsetMs.value, timezone);
  const words = t(`live.${kind}`, { age: formatAge(ageMs) });
  return (
    <div class="live" data-testid="live-state" data-state={kind === 'connecting' ? 'offline' : kind}>
      <span class={`live-mark live-${kind}`} aria-hidden="true" />
      <span role="status">{kind === 'live' || kind === 'connecting' ? words : <strong>{words}</strong>}</span>
      {clock !== null && (
        <time class="live-clock" title={`${t('live.plantTime')} (${timezone})`}>
          <span class="live-date">{clock.slice(0, 10)} </span>
          {clock.slice(11)}
        </time>
      )}
    </div>
  );
}

/** Says what a stale or broken connection means for what is on the page. */
export function LiveNotice() {
  const { state } = useConsole();
  const { state: kind, ageMs } = state.liveness.value;
  if (kind === 'live' || kind === 'connecting' || state.site.value === null) return null;
  return (
    <p class={`notice notice-${kind}`}>
      {t(kind === 'stale' ? 'live.staleHint' : 'live.offlineHint', { age: formatAge(ageMs) })}
    </p>
  );
}

function Settings() {
  return (
    <div class="settings">
      <div class="switch" role="group" aria-label={t('setting.language')}>
        <button type="button" lang="zh-CN" aria-pressed={language.value === 'zh'} onClick={() => chooseLanguage('zh')}>
          中文
        </button>
        <button type="button" lang="en" aria-pressed={language.value === 'en'} onClick={() => chooseLanguage('en')}>
          EN
        </button>
      </div>
      <div class="switch" role="group" aria-label={t('setting.theme')}>
        {themes.map((one) => (
          <button key={one} type="button" aria-pressed={theme.value === one} onClick={() => chooseTheme(one)}>
            {t(`theme.${one}`)}
          </button>
        ))}
      </div>
      <SignOut />
    </div>
  );
}

function SignOut() {
  const { state, actions } = useConsole();
  if (!state.signedIn.value || state.needsSignIn.value) return null;
  return (
    <button type="button" class="button button-quiet" onClick={() => void actions.signOut()}>
      {t('signIn.out')}
    </button>
  );
}
