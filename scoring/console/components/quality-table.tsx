import type { DataQualityAnswer } from '../answers.ts';
import { useConsole } from '../console-context.ts';
import { formatAge, formatNumber, formatShare, formatShortInstant, NO_FIGURE } from '../format.ts';
import { nameIn, t } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { formatRoute } from '../route.ts';
import { Figure } from './figure.tsx';
import { Empty } from './load-state.tsx';

const classes = ['A', 'B', 'C', 'none'] as const;
const meterTag = {
  live: 'good',
  dead: 'error',
  bad: 'error',
  stalled: 'error',
  waiting: 'warning',
  none: 'quiet',
} as const;

/** Shares of the classes over all machines, and what each machine's meter delivers. */
export function QualityTable({ answer }: { readonly answer: DataQualityAnswer }) {
  if (answer.items.length === 0)
    return (
      <Empty>
        <p>{t('tree.empty')}</p>
        <p>{t('tree.emptyHint')}</p>
      </Empty>
    );
  return (
    <>
      <ClassBar days={answer.classDays} />
      <div class="table-scroll" tabIndex={0} role="group" aria-label={t('quality.machines')}>
        <table class="data-table" data-testid="quality-table">
          <thead>
            <tr>
              <th scope="col">{t('level.equipment')}</th>
              <th scope="col">{t('quality.meter')}</th>
              <th scope="col">{t('column.class')}</th>
              <th scope="col" class="number">
                {t('quality.coverage')}
              </th>
              <th scope="col" class="number">
                {t('quality.gap')}
              </th>
              <th scope="col" class="number">
                {t('quality.estimated')}
              </th>
              <th scope="col" class="number">
                {t('quality.unresolved')}
              </th>
              <th scope="col" class="number">
                {t('quality.late')}
              </th>
              <th scope="col" class="number">
                {t('quality.meterAt')}
              </th>
            </tr>
          </thead>
          <tbody>
            {answer.items.map((item) => (
              <Row key={item.path} item={item} today={answer.to} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function ClassBar({ days }: { readonly days: DataQualityAnswer['classDays'] }) {
  const all = classes.reduce((sum, name) => sum + days[name], 0);
  const lang = language.value;
  const { A: a, B: b, C: c, none } = days;
  return (
    <figure class="class-shares">
      <div class="class-bar" aria-hidden="true">
        {classes.map(
          (name) =>
            days[name] > 0 && <span key={name} class={`class-part class-${name}`} style={{ flexGrow: days[name] }} />,
        )}
      </div>
      <ul class="class-legend" aria-hidden="true">
        {classes.map((name) => (
          <li key={name}>
            <span class={`class class-${name}`}>{name === 'none' ? NO_FIGURE : name}</span>{' '}
            {name === 'none' && `${t('quality.none')} `}
            {all === 0 ? NO_FIGURE : formatShare(days[name] / all, lang)}
          </li>
        ))}
      </ul>
      <figcaption class="quiet">
        {t('quality.range')} · {t('quality.summary', { a, b, c, none, all })}
      </figcaption>
    </figure>
  );
}

function Row({ item, today }: { readonly item: DataQualityAnswer['items'][number]; readonly today: string }) {
  const { state } = useConsole();
  const node = state.nodes.get(item.path)?.peek();
  const lang = language.value;
  const count = (value: number) => (value === 0 ? '0' : <strong class="is-excess">{formatNumber(value, lang)}</strong>);
  return (
    <tr>
      <th scope="row">
        <a href={formatRoute({ screen: 'intensity', path: item.path })}>
          {node === undefined ? item.path : nameIn(node.displayName, node.name)}
        </a>
        <span class="quiet row-place">{item.path}</span>
      </th>
      <td>
        <span class={`tag tag-${meterTag[item.meter]}`} title={item.meterTags.join(', ')}>
          {t(`meter.${item.meter}`)}
        </span>
      </td>
      <td>
        {item.class === null ? (
          <Figure text={NO_FIGURE} reason={item.coverage === null ? 'no-coverage' : 'low-coverage'} />
        ) : (
          <span class={`class class-${item.class}`}>{item.class}</span>
        )}
      </td>
      <td class="number">
        <Figure text={formatShare(item.coverage, lang)} reason="no-coverage" />
      </td>
      <td class="number">
        {item.worstGapSeconds === 0 ? '0' : formatAge(item.worstGapSeconds * 1000)}
        {item.worstGapOn !== null && <span class="quiet"> {item.worstGapOn.slice(5)}</span>}
      </td>
      <td class="number">
        <Figure text={formatShare(item.estimatedShare, lang)} reason="no-energy" />
      </td>
      <td class="number">{count(item.unresolved)}</td>
      <td class="number">{item.restatedDays === 0 ? '0' : t('quality.dayCount', { count: item.restatedDays })}</td>
      <td class="number">
        <Figure text={item.meterAt === null ? NO_FIGURE : formatShortInstant(item.meterAt, today)} reason="no-value" />
      </td>
    </tr>
  );
}
