import { useSignal } from '@preact/signals';
import type { SetupAnswer } from '../answers.ts';
import { Loaded, ScreenHead } from '../components/screen-head.tsx';
import { Tabs } from '../components/tabs.tsx';
import { SetupCertificates } from '../components/setup-certificates.tsx';
import { SetupFactors } from '../components/setup-factors.tsx';
import { SetupMeters } from '../components/setup-meters.tsx';
import { SetupModels } from '../components/setup-models.tsx';
import { SetupTags } from '../components/setup-tags.tsx';
import { SetupTariff } from '../components/setup-tariff.tsx';
import { SetupUsers } from '../components/setup-users.tsx';
import { SetupValueAdded } from '../components/setup-value-added.tsx';
import { t } from '../i18n/text.ts';
import { useApi } from '../resource.ts';

const tabs = ['tags', 'meters', 'factors', 'tariff', 'valueAdded', 'models', 'certificates', 'users'] as const;
type Tab = (typeof tabs)[number];

/** What the plant is set up with, and how each part is changed. */
export function SetupScreen() {
  const tab = useSignal<Tab>('tags');
  const setup = useApi('setup');
  const ofSetup = (show: (answer: SetupAnswer) => preact.JSX.Element) => (
    <Loaded resource={setup} what={t('screen.setup')}>
      {show}
    </Loaded>
  );
  const shown: Readonly<Record<Tab, () => preact.JSX.Element>> = {
    tags: () => ofSetup((answer) => <SetupTags setup={answer} />),
    meters: () => ofSetup((answer) => <SetupMeters setup={answer} />),
    factors: () => ofSetup((answer) => <SetupFactors setup={answer} />),
    tariff: () => ofSetup((answer) => <SetupTariff setup={answer} />),
    valueAdded: () => <SetupValueAdded />,
    models: () => <SetupModels />,
    certificates: () => <SetupCertificates />,
    users: () => <SetupUsers />,
  };
  return (
    <>
      <ScreenHead screen="setup" />
      <section class="panel" aria-label={t('screen.setup')}>
        <Tabs
          label={t('screen.setup')}
          tabs={tabs.map((one) => ({ id: one, name: t(`setup.${one}`) }))}
          shown={tab.value}
          onChoose={(one) => {
            tab.value = one;
          }}
        >
          {shown[tab.value]()}
        </Tabs>
      </section>
    </>
  );
}
