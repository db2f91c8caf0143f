import { AlertList } from './components/alert-list.tsx';
import { AnomalyList } from './components/anomaly-list.tsx';
import { DetailPanel } from './components/detail-panel.tsx';
import { EquipmentTree } from './components/equipment-tree.tsx';
import { KeyFigures } from './components/key-figures.tsx';
import { SignIn } from './components/sign-in.tsx';
import { LiveNotice, SiteHeader } from './components/site-header.tsx';
import { TargetPanel } from './components/target-panel.tsx';
import { useConsole } from './console-context.ts';
import { t } from './i18n/text.ts';

/** The whole page. */
export function App() {
  const { state } = useConsole();
  if (state.needsSignIn.value) {
    return (
      <>
        <SiteHeader />
        <SignIn />
      </>
    );
  }
  const { state: live } = state.liveness.value;
  const isOld = live === 'stale' || live === 'offline';
  return (
    <>
      <a class="skip" href="#equipment" onClick={skipToTree}>
        {t('page.skip')}
      </a>
      <SiteHeader />
      <LiveNotice />
      <main class={isOld ? 'page page-old' : 'page'}>
        <KeyFigures />
        <div class="main-grid">
          <EquipmentTree />
          <DetailPanel />
        </div>
        <TargetPanel />
        <div class="list-grid">
          <AnomalyList />
          <AlertList />
        </div>
      </main>
    </>
  );
}

/** The address holds the selected object, so the link moves the focus itself. */
function skipToTree(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#equipment')?.focus();
}
