import { batch, effect } from '@preact/signals';
import { render } from 'preact';
import { createActions } from './actions.ts';
import { createApiClient } from './api-client.ts';
import { App } from './app.tsx';
import { ConsoleContext } from './console-context.ts';
import { localeOf } from './format.ts';
import { nameIn, t } from './i18n/text.ts';
import { applyPreferences, hasSignedIn, language, noteSignedIn } from './preferences.ts';
import { formatRoute, parseRoute } from './route.ts';
import { createConsoleState } from './state.ts';
import './styles/base.css';
import './styles/layout.css';
import './styles/tree.css';
import './styles/detail.css';
import './styles/target.css';
import './styles/lists.css';
import './styles/screens.css';
import './styles/setup.css';

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

const follow = () => {
  const route = parseRoute(location.hash);
  batch(() => {
    state.screen.value = route.screen;
    actions.select(route.path);
  });
};
follow();
state.signedIn.value = hasSignedIn();
effect(() => noteSignedIn(state.signedIn.value));
addEventListener('hashchange', follow);
effect(() => {
  const hash = formatRoute({ screen: state.screen.value, path: state.selected.value });
  if (location.hash !== hash && location.hash !== '') history.replaceState(null, '', hash);
});
effect(() => {
  const site = state.site.value;
  document.title =
    site === null
      ? 'Joulegate'
      : `${t(`screen.${state.screen.value}`)} · ${t('page.title', { site: nameIn(site.displayName, site.name) })}`;
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
