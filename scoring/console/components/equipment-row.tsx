import type { EquipmentView } from '../answers.ts';
import { useConsole } from '../console-context.ts';
import { formatAge, formatColumn, formatIntensity, formatShare, NO_FIGURE } from '../format.ts';
import { nameIn, t } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { ROW_OLD_AFTER_MS } from '../state.ts';
import type { TreeRow } from '../tree.ts';
import { Figure } from './figure.tsx';
import { ScoreCell } from './score-cell.tsx';

/** One object of the tree; it alone renders again when its figures change. */
export function EquipmentRow(props: {
  readonly row: TreeRow;
  /** Place among all visible rows, from 0. */
  readonly index: number;
  readonly reachable: boolean;
}) {
  const { row, index, reachable } = props;
  const { state, actions } = useConsole();
  const node = state.nodes.get(row.path)?.value;
  if (node === undefined) return null;
  const { live } = node;
  const lang = language.value;
  const isMachine = node.level === 'equipment';
  const isSelected = state.selected.value === row.path;
  const hooks = isMachine ? { 'data-testid': 'equipment-row' } : {};
  return (
    <tr
      {...hooks}
      data-path={row.path}
      class={`row row-${node.level}`}
      aria-rowindex={index + 2}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-selected={isSelected}
      {...(row.expandable ? { 'aria-expanded': row.expanded } : {})}
      tabIndex={reachable ? 0 : -1}
      onClick={() => actions.select(row.path)}
    >
      <th scope="row" class="column-name">
        <NameCell node={node} row={row} />
      </th>
      <td class="column-state">{isMachine && <StateMark state={node.state} />}</td>
      <td class="column-power" data-field="powerKw">
        <Figure text={formatColumn(live.powerKw, lang)} reason="no-value" />
      </td>
      <td class="column-energy" data-field="energyTodayKwh">
        <Figure
          text={formatColumn(live.energyTodayKwh, lang)}
          reason={live.coverageToday === null ? 'no-coverage' : live.secReason}
        />
      </td>
      <td class="column-output">
        <Figure text={formatColumn(live.outputToday, lang, 0)} reason="no-value" />
      </td>
      <td class="column-sec" data-field="secToday">
        <Figure text={formatIntensity(live.secToday, lang)} reason={live.secReason} />
      </td>
      <td class="column-idle">
        <Figure text={formatShare(live.idleShareToday, lang)} reason="no-value" />
      </td>
      <td class="column-class">
        <ClassMark live={live} />
      </td>
      <td class="column-score" data-field="anomalyScore">
        <ScoreCell live={live} isMachine={isMachine} />
      </td>
    </tr>
  );
}

function NameCell({ node, row }: { readonly node: EquipmentView; readonly row: TreeRow }) {
  const { actions } = useConsole();
  const name = nameIn(node.displayName, node.name);
  return (
    <div class={`name-cell indent-${Math.min(row.level, 6)}`}>
      {row.expandable ? (
        <button
          type="button"
          class="twist"
          tabIndex={-1}
          aria-label={t(row.expanded ? 'tree.collapse' : 'tree.expand', { name })}
          onClick={(event) => {
            event.stopPropagation();
            actions.toggle(row.path);
          }}
        >
          <svg viewBox="0 0 12 12" aria-hidden="true" class={row.expanded ? 'twist-open' : ''}>
            <path d="M4 2l4 4-4 4" />
          </svg>
        </button>
      ) : (
        <span class="twist" aria-hidden="true" />
      )}
      <span class="name-text" title={node.path === '' ? name : `${name} · ${node.path}`}>
        {name}
      </span>
      <RowMarks node={node} />
    </div>
  );
}

/** Whether the figures of the row may be wrong or are old. */
function RowMarks({ node }: { readonly node: EquipmentView }) {
  const { state } = useConsole();
  const alert = node.level === 'equipment' ? state.suspects.value.get(node.path) : undefined;
  const newest = state.newest.value?.at ?? null;
  const age = node.live.at === null || newest === null ? 0 : newest - Date.parse(node.live.at);
  return (
    <>
      {alert !== undefined && (
        <span class="tag tag-suspect" title={t('tree.suspect', { title: nameIn(alert.title, alert.rule) })}>
          {t('tree.suspectShort')}
        </span>
      )}
      {node.level === 'equipment' && age > ROW_OLD_AFTER_MS && (
        <span class="tag tag-old" title={t('tree.stale', { age: formatAge(age) })}>
          {t('tree.staleShort')} {formatAge(age)}
        </span>
      )}
    </>
  );
}

/** State of a machine as colour, shape and word. */
export function StateMark({ state }: { readonly state: EquipmentView['state'] }) {
  const name = state ?? 'unknown';
  return (
    <span class={`state state-${name}`}>
      <span class="state-dot" aria-hidden="true" />
      <span class="state-word">{t(`state.${name}`)}</span>
    </span>
  );
}

/** Class of a figure by its measured share. */
export function ClassMark({ live }: { readonly live: EquipmentView['live'] }) {
  const coverage = formatShare(live.coverageToday, language.value);
  if (live.classToday === null) {
    return <Figure text={NO_FIGURE} reason={live.coverageToday === null ? 'no-coverage' : 'low-coverage'} />;
  }
  return (
    <span class={`class class-${live.classToday}`} title={t('class.hint', { class: live.classToday, coverage })}>
      {live.classToday}
    </span>
  );
}
