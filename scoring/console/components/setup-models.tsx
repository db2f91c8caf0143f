import { useSignal } from '@preact/signals';
import type { ModelsAnswer } from '../answers.ts';
import { useConsole } from '../console-context.ts';
import { formatInstant, formatNumber, formatShare, NO_FIGURE } from '../format.ts';
import { nameIn, t } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { useApi } from '../resource.ts';
import { Figure } from './figure.tsx';
import { HowTo } from './how-to.tsx';
import { Empty, failureText } from './load-state.tsx';
import { Loaded } from './screen-head.tsx';

type Model = ModelsAnswer['items'][number];

/** Trained models by machine: what runs, what runs in shadow and how far it agrees, and the way back. */
export function SetupModels() {
  const models = useApi('models');
  return (
    <>
      <p class="quiet">{t('models.hint')}</p>
      <Loaded resource={models} what={t('setup.models')}>
        {(answer) => <Models answer={answer} reload={models.reload} />}
      </Loaded>
      <HowTo commands={['joulegate train --equipment PATH --by NAME', 'joulegate models list']} />
    </>
  );
}

function Models({ answer, reload }: { readonly answer: ModelsAnswer; readonly reload: () => void }) {
  const { state, actions } = useConsole();
  const said = useSignal<string | null>(null);
  if (answer.items.length === 0)
    return (
      <Empty>
        <p>{t('models.none')}</p>
      </Empty>
    );
  const after = (
    done: { readonly ok: true } | { readonly ok: false; readonly failure: Parameters<typeof failureText>[0] },
  ) => {
    said.value = done.ok ? t('models.done') : failureText(done.failure);
    reload();
  };
  const activate = async ({ path, version }: Model) => after(await actions.post('models/activate', { path, version }));
  const rollBack = async (path: string) => after(await actions.post('models/rollback', { path }));
  const lang = language.value;
  return (
    <>
      <p role="status">{said.value}</p>
      <div class="table-scroll" tabIndex={0} role="group" aria-label={t('setup.models')}>
        <table class="data-table" data-testid="models">
          <thead>
            <tr>
              <th scope="col">{t('level.equipment')}</th>
              <th scope="col" class="number">
                {t('models.version')}
              </th>
              <th scope="col">{t('models.state')}</th>
              <th scope="col">{t('models.trained')}</th>
              <th scope="col" class="number">
                {t('models.shadowRows')}
              </th>
              <th scope="col" class="number">
                {t('models.agreement')}
              </th>
              <th scope="col" class="number">
                {t('models.alarms')}
              </th>
              <th scope="col">{t('models.decide')}</th>
            </tr>
          </thead>
          <tbody>
            {answer.items.map((model) => {
              const node = state.nodes.get(model.path)?.peek();
              const running = answer.running.find(
                ({ path, version }) => path === model.path && version === model.version,
              );
              return (
                <tr key={`${model.path}|${model.version}`}>
                  <th scope="row">
                    {node === undefined ? model.path : nameIn(node.displayName, node.name)}
                    <span class="quiet row-place">{model.path}</span>
                  </th>
                  <td class="number">{model.version}</td>
                  <td>
                    <span class={`tag ${model.state === 'active' ? 'tag-good' : ''}`}>
                      {t(`models.${model.state}`)}
                    </span>
                    {running?.retrainSuggested === true && <span class="tag tag-warning">{t('models.retrain')}</span>}
                  </td>
                  <td class="cell-text">
                    {model.damage ?? `${formatInstant(model.trainedFrom)} – ${formatInstant(model.trainedTo)}`}
                  </td>
                  <td class="number">{model.shadow === null ? NO_FIGURE : formatNumber(model.shadow.rows, lang)}</td>
                  <td class="number">
                    <Figure text={formatShare(model.shadow?.agreement ?? null, lang)} reason="no-comparison" />
                  </td>
                  <td class="number">{model.shadow === null ? NO_FIGURE : formatNumber(model.shadow.alarms, lang)}</td>
                  <td>
                    {model.state === 'shadow' && model.damage === null && (
                      <button type="button" class="button" onClick={() => void activate(model)}>
                        {t('models.activate')}
                      </button>
                    )}
                    {model.state === 'active' && (
                      <button type="button" class="button" onClick={() => void rollBack(model.path)}>
                        {t('models.rollBack')}
                      </button>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}
