import { useSignal } from '@preact/signals';
import type { SetupAnswer } from '../answers.ts';
import { useConsole } from '../console-context.ts';
import { formatNumber, formatUnit, NO_FIGURE } from '../format.ts';
import { nameIn, plainName, t, textOf } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { formatRoute } from '../route.ts';
import { Figure } from './figure.tsx';
import { HowTo } from './how-to.tsx';
import { Empty } from './load-state.tsx';

type Machine = SetupAnswer['equipment'][number];

/** Codes of problems that wait for somebody to map, trust or take over something. */
const mapping = [
  'BROWSE_CHANGED',
  'BROWSE_TOO_MANY',
  'NODE_UNKNOWN',
  'NODE_CHANGED',
  'UNIT_UNKNOWN',
  'UNIT_CONTRADICTION',
  'STATE_UNKNOWN',
  'CERTIFICATE_UNTRUSTED',
];

/** How a machine is found and mapped, what waits, and every tag with its node. */
export function SetupTags({ setup }: { readonly setup: SetupAnswer }) {
  const search = useSignal('');
  const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const found = setup.equipment.filter((machine) => {
    const text = textOfMachine(machine);
    return words.every((word) => text.includes(word));
  });
  const tags = setup.equipment.reduce((sum, machine) => sum + machine.tags.length, 0);
  return (
    <>
      <h3>{t('setup.newMachine')}</h3>
      <ol class="steps">
        {(['discover', 'copy', 'check', 'appears'] as const).map((step) => (
          <li key={step}>
            {t(`setup.step.${step}`)}
            {step === 'discover' && <Command text="joulegate discover opc.tcp://HOST:4840 --compare plant.yaml" />}
            {step === 'check' && <Command text="joulegate check plant.yaml --connect" />}
          </li>
        ))}
      </ol>
      <Waiting />
      <div class="panel-head section-head">
        <h3>{t('setup.tagList')}</h3>
        <span class="quiet">{t('setup.tagCount', { machines: setup.equipment.length, tags })}</span>
        <input
          type="search"
          class="search"
          value={search.value}
          placeholder={t('setup.searchTags')}
          aria-label={t('setup.searchTags')}
          onInput={(event) => {
            search.value = event.currentTarget.value;
          }}
        />
      </div>
      {setup.equipment.length === 0 ? (
        <Empty>
          <p>{t('tree.empty')}</p>
          <p>{t('tree.emptyHint')}</p>
        </Empty>
      ) : found.length === 0 ? (
        <Empty>
          <p>{t('tree.noMatch', { text: search.value })}</p>
        </Empty>
      ) : (
        found.map((machine) => <MachineTags key={machine.path} machine={machine} isOpen={found.length === 1} />)
      )}
      <HowTo file={['gateway.servers[].equipment[].tags']} />
    </>
  );
}

function Command({ text }: { readonly text: string }) {
  return (
    <pre tabIndex={0} class="command">
      <code>{text}</code>
    </pre>
  );
}

/** What the gateway holds back until a person has decided. */
function Waiting() {
  const { state } = useConsole();
  const health = state.health.value;
  const problems = (health.state === 'loading' ? [] : (health.value?.problems ?? [])).filter(({ code }) =>
    mapping.includes(code),
  );
  return (
    <>
      <h3 class="section-head">{t('setup.waiting')}</h3>
      {problems.length === 0 ? (
        <p class="quiet">{t('setup.waitingNone')}</p>
      ) : (
        <ul class="task-list">
          {problems.map((problem) => (
            <li key={`${problem.code}${problem.where}`} class={`task task-${problem.severity}`}>
              <p>
                <strong>{textOf('problem', problem.code)}</strong> <span class="quiet">{plainName(problem.where)}</span>
              </p>
              <p lang="en">{problem.message}</p>
              <p lang="en">
                <code>{problem.remedy}</code>
              </p>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function MachineTags({ machine, isOpen }: { readonly machine: Machine; readonly isOpen: boolean }) {
  const chosen = useSignal<boolean | null>(null);
  const open = chosen.value ?? isOpen;
  return (
    <details
      class="more machine"
      open={open}
      data-path={machine.path}
      onToggle={(event) => {
        if (event.currentTarget.open !== open) chosen.value = event.currentTarget.open;
      }}
    >
      <summary>
        {nameIn(machine.displayName, machine.path.split('/').at(-1) ?? machine.path)}{' '}
        <span class="quiet">
          {machine.path} · {t('setup.tagsOf', { count: machine.tags.length })}
        </span>
      </summary>
      {open && <TagRows machine={machine} />}
    </details>
  );
}

function TagRows({ machine }: { readonly machine: Machine }) {
  const { state } = useConsole();
  const values = new Map((state.nodes.get(machine.path)?.value.tags ?? []).map((tag) => [tag.name, tag]));
  const lang = language.value;
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label={machine.path}>
      <p>
        <a href={formatRoute({ screen: 'plant', path: machine.path })}>{t('setup.toPlant')}</a>
      </p>
      <table class="data-table">
        <thead>
          <tr>
            <th scope="col">{t('tags.name')}</th>
            <th scope="col">{t('setup.role')}</th>
            <th scope="col" class="number">
              {t('tags.value')}
            </th>
            <th scope="col">{t('setup.unit')}</th>
            <th scope="col">{t('setup.node')}</th>
          </tr>
        </thead>
        <tbody>
          {machine.tags.map((tag) => {
            const value = values.get(tag.name)?.value ?? null;
            const text =
              value === null
                ? NO_FIGURE
                : typeof value === 'number'
                  ? formatNumber(value, lang)
                  : plainName(String(value));
            return (
              <tr key={tag.name}>
                <th scope="row">{plainName(tag.name)}</th>
                <td>{t(`role.${tag.role}`)}</td>
                <td class="number">
                  <Figure text={text} reason="no-value" />
                </td>
                <td>{formatUnit(tag.unit ?? null)}</td>
                <td>
                  <code>{tag.nodeId === undefined ? NO_FIGURE : plainName(tag.nodeId)}</code>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const textOfMachine = ({ path, displayName: { en = '', zh = '' }, kind, tags }: Machine): string =>
  `${path} ${en} ${zh} ${kind ?? ''} ${tags.map(({ name, nodeId = '' }) => `${name} ${nodeId}`).join(' ')}`.toLowerCase();
