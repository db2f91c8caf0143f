import { Announcer } from './components/alert-list.tsx';
import { Navigation } from './components/navigation.tsx';
import { SignIn } from './components/sign-in.tsx';
import { LiveNotice, SiteHeader } from './components/site-header.tsx';
import { useConsole } from './console-context.ts';
import { t } from './i18n/text.ts';
import type { Screen } from './route.ts';
import { BaselineScreen } from './screens/baseline-screen.tsx';
import { FlowScreen } from './screens/flow-screen.tsx';
import { HealthScreen } from './screens/health-screen.tsx';
import { IntensityScreen } from './screens/intensity-screen.tsx';
import { PlantScreen } from './screens/plant-screen.tsx';
import { RankingScreen } from './screens/ranking-screen.tsx';
import { SetupScreen } from './screens/setup-screen.tsx';
import { TargetScreen } from './screens/target-screen.tsx';

const screenOf: Readonly<Record<Screen, () => preact.JSX.Element>> = {
  plant: PlantScreen,
  intensity: IntensityScreen,
  target: TargetScreen,
  ranking: RankingScreen,
  flow: FlowScreen,
  baseline: BaselineScreen,
  health: HealthScreen,
  setup: SetupScreen,
};

/** The whole page. A session that ends hides what stands on it, so that nothing typed is lost. */
export function App() {
  const { state } = useConsole();
  const asks = state.needsSignIn.value;
  const known = state.site.value !== null;
  const { state: live } = state.liveness.value;
  const isOld = live === 'stale' || live === 'offline';
  const screen = state.screen.value;
  const Shown = screenOf[screen];
  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>
        {t('page.skip')}
      </a>
      <SiteHeader />
      {asks && <SignIn />}
      {(!asks || known) && (
        <div hidden={asks}>
          <Navigation />
          <LiveNotice />
          <Announcer />
          <main id="content" tabIndex={-1} class={isOld ? 'page page-old' : 'page'} data-screen={screen}>
            <Shown />
          </main>
        </div>
      )}
    </>
  );
}

/** The address holds the route, so the link moves the focus itself. */
function skipToContent(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#content')?.focus();
}
