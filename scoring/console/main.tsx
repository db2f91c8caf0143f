import { effect } from '@preact/signals';
import { render } from 'preact';
import { createActions } from './actions.ts';
import { createApiClient } from './api-client.ts';
import { App } from './app.tsx';
import { ConsoleContext } from './console-context.ts';
import { localeOf } from './format.ts';
import { nameIn, t } from './i18n/text.ts';
import { applyPreferences, hasSignedIn, language, noteSignedIn } from './preferences.ts';
import { createConsoleState } from './state.ts';
import './styles/base.css';
import './styles/layout.css';
import './styles/tree.css';
import './styles/detail.css';
import './styles/target.css';
import './styles/lists.css';

const TICK_MS = 1000;

const now = () => Date.now();
const state = createConsoleState(now());
const api = createApiClient({
  language: () => localeOf[language.value],
  onServerTime: (at) => {
    state.clockOffsetMs.value = at - now();
  },
});
const actions = createActions(state, api, now);

const pathOfHash = () => {
  try {
    return decodeURIComponent(location.hash.replace(/^#\/?/, ''));
  } catch {
    return '';
  }
};
state.selected.value = pathOfHash();
state.signedIn.value = hasSignedIn();
effect(() => noteSignedIn(state.signedIn.value));
addEventListener('hashchange', () => actions.select(pathOfHash()));
effect(() => {
  const hash = `#/${state.selected.value.split('/').map(encodeURIComponent).join('/')}`;
  if (location.hash !== hash && !(hash === '#/' && location.hash === '')) history.replaceState(null, '', hash);
});
effect(() => {
  const site = state.site.value;
  document.title = site === null ? 'Joulegate' : t('page.title', { site: nameIn(site.displayName, site.name) });
});
setInterval(() => {
  state.now.value = now();
}, TICK_MS);
applyPreferences(document.documentElement);

const root = document.querySelector('#console');
if (root !== null) {
  render(
    <ConsoleContext.Provider value={{ state, actions }}>
      <App />
    </ConsoleContext.Provider>,
    root,
  );
}
void actions.start();
