import type { HealthAnswer } from '../answers.ts';
import { formatInstant, formatNumber } from '../format.ts';
import { plainName, t, textOf } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { Figure } from './figure.tsx';
import { Empty } from './load-state.tsx';

type Connection = NonNullable<HealthAnswer['services'][number]['connections']>[number];

/** Every connection of every gateway with its state, the reason, and the tags that give nothing good. */
export function ConnectionTable({ health }: { readonly health: HealthAnswer }) {
  const rows = health.services.flatMap(({ id, connections = [] }) =>
    connections.map((connection) => ({ gateway: id, connection })),
  );
  if (rows.length === 0)
    return (
      <Empty>
        <p>{t('links.empty')}</p>
      </Empty>
    );
  return (
    <>
      <div class="table-scroll" tabIndex={0} role="group" aria-label={t('links.title')}>
        <table class="data-table table-stack">
          <thead>
            <tr>
              <th scope="col">{t('links.server')}</th>
              <th scope="col">{t('links.state')}</th>
              <th scope="col">{t('links.reason')}</th>
              <th scope="col">{t('links.since')}</th>
              <th scope="col" class="number">
                {t('links.tags')}
              </th>
              <th scope="col" class="number">
                {t('links.skew')} s
              </th>
              <th scope="col" class="number">
                {t('links.sessions')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ gateway, connection }) => (
              <Row key={`${gateway}/${connection.name}`} gateway={gateway} connection={connection} />
            ))}
          </tbody>
        </table>
      </div>
      {rows
        .filter(({ connection }) => connection.exceptions.length > 0)
        .map(({ gateway, connection }) => (
          <details key={`${gateway}/${connection.name}`} class="more">
            <summary>
              {plainName(connection.name)}: {t('links.exceptions', { count: withoutValues(connection) })}
            </summary>
            <ul class="plain-list">
              {connection.exceptions.map(({ tag, state, reason }) => (
                <li key={tag}>
                  <strong>{plainName(tag)}</strong> {textOf('tagState', state)}{' '}
                  {reason !== undefined && <span class="quiet">{reason}</span>}
                </li>
              ))}
            </ul>
          </details>
        ))}
    </>
  );
}

const good: readonly Connection['state'][] = ['running', 'polling'];

/** Only the first of them are named. */
const withoutValues = ({ tags }: Connection) => tags.waiting + tags.bad + tags.unknown + tags.quarantined;

function Row({ gateway, connection }: { readonly gateway: string; readonly connection: Connection }) {
  const { name, state, reason, since, tags, clockSkewMs, sessions } = connection;
  const all = Object.values(tags).reduce((sum, count) => sum + count, 0);
  const isGood = good.includes(state);
  const lang = language.value;
  return (
    <tr>
      <th scope="row">
        {plainName(name)} <span class="quiet row-place">{gateway}</span>
      </th>
      <td data-label={t('links.state')}>
        <span class={`tag ${isGood ? 'tag-good' : state === 'connecting' ? '' : 'tag-error'}`}>
          {t(`link.${state}`)}
        </span>
      </td>
      <td class="cell-text" data-label={t('links.reason')}>
        {reason === '' ? <span class="quiet">{t('links.noReason')}</span> : reason}
      </td>
      <td data-label={t('links.since')}>{formatInstant(since)}</td>
      <td class="number" data-label={t('links.tags')}>
        {tags.live} <span class="quiet">{t('links.live', { all })}</span>
      </td>
      <td class="number" data-label={t('links.skew')}>
        <Figure text={formatNumber(clockSkewMs === null ? null : clockSkewMs / 1000, lang)} reason="no-value" />
      </td>
      <td class="number" data-label={t('links.sessions')}>
        {sessions}
      </td>
    </tr>
  );
}
