import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { useConsole } from '../console-context.ts';
import { t } from '../i18n/text.ts';
import { moveOf, visibleRows, type TreeNode } from '../tree.ts';
import { EquipmentRow } from './equipment-row.tsx';
import { Empty, Failed, Skeleton } from './load-state.tsx';
import { useVirtualRows, VIRTUAL_FROM } from './virtual-rows.ts';

const columns = ['name', 'state', 'power', 'energy', 'output', 'sec', 'idle', 'class', 'score'] as const;

/** From so many rows on they stand closer. */
const DENSE_FROM = 30;

/** The plant as a tree table; a click, Enter or Space shows an object in the detail panel. */
export function EquipmentTree() {
  const { state, actions } = useConsole();
  const search = state.search.value;
  const machines = state.order.value.filter((path) => state.nodes.get(path)?.peek().level === 'equipment').length;
  return (
    <section class="panel tree-panel" aria-labelledby="tree-title" id="equipment" tabIndex={-1}>
      <div class="panel-head">
        <h2 id="tree-title">{t('tree.title')}</h2>
        <span class="quiet">{machines > 0 && t('tree.count', { count: machines })}</span>
        <input
          type="search"
          class="search"
          value={search}
          placeholder={t('tree.search')}
          aria-label={t('tree.search')}
          onInput={(event) => {
            state.search.value = event.currentTarget.value;
          }}
        />
      </div>
      <TreeBody onRetry={() => void actions.loadEquipment()} />
    </section>
  );
}

function TreeBody({ onRetry }: { readonly onRetry: () => void }) {
  const { state } = useConsole();
  const loaded = state.equipment.value;
  switch (loaded.state) {
    case 'loading':
      return <Skeleton rows={14} what={t('tree.title')} />;
    case 'failed':
      return <Failed what={t('tree.title')} failure={loaded.failure} onRetry={onRetry} />;
    case 'ready':
      return state.order.value.length <= 1 ? (
        <Empty>
          <p>
            <strong>{t('tree.empty')}</strong>
          </p>
          <p>{t('tree.emptyHint')}</p>
        </Empty>
      ) : (
        <TreeTable />
      );
    default:
      return loaded satisfies never;
  }
}

function TreeTable() {
  const { state, actions } = useConsole();
  const search = state.search.value;
  const collapsed = state.collapsed.value;
  const order = state.order.value;
  const rows = useMemo(() => visibleRows(treeNodes(state), { search, collapsed }), [search, collapsed, order]);
  const selected = state.selected.value;
  /** The row that had the focus last; it stays on the page, so that scrolling does not take the focus away. */
  const active = useSignal<string | null>(null);
  const indexOf = (path: string | null) => rows.findIndex((row) => row.path === path);
  const reachable = Math.max(0, indexOf(active.value) >= 0 ? indexOf(active.value) : indexOf(selected));
  const { body, stretches, rowHeight, focus } = useVirtualRows(rows.length, [reachable]);

  const onKeyDown = (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest('tr');
    const path = row?.dataset['path'];
    if (path === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    if ((event.key === 'Enter' || event.key === ' ') && event.target === row) {
      event.preventDefault();
      actions.select(path);
      return;
    }
    const move = moveOf(event.key, path, rows);
    if (move === null) return;
    event.preventDefault();
    if (move.kind === 'focus') focus(indexOf(move.path));
    else actions.toggle(move.path);
  };

  return (
    <div class="tree-scroll">
      {rows.length === 0 ? (
        <Empty>
          <p>{t('tree.noMatch', { text: search })}</p>
          <button
            type="button"
            class="button"
            onClick={() => {
              state.search.value = '';
            }}
          >
            {t('tree.clearSearch')}
          </button>
        </Empty>
      ) : (
        <table
          class={['tree', rows.length > DENSE_FROM && 'tree-dense', rows.length >= VIRTUAL_FROM && 'tree-virtual']
            .filter(Boolean)
            .join(' ')}
          role="treegrid"
          aria-labelledby="tree-title"
          aria-rowcount={rows.length + 1}
          onKeyDown={onKeyDown}
          onFocusIn={(event) => {
            active.value = (event.target as HTMLElement).closest('tr')?.dataset['path'] ?? null;
          }}
        >
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col" class={`column-${column}`}>
                  {t(`column.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {stretches.flatMap(({ kind, from, to }) =>
              kind === 'room'
                ? [
                    <tr key={`room-${to === rows.length ? 'end' : from}`} class="tree-room" aria-hidden="true">
                      <td colSpan={columns.length} style={{ height: `${(to - from) * rowHeight}px` }} />
                    </tr>,
                  ]
                : rows
                    .slice(from, to)
                    .map((row, offset) => (
                      <EquipmentRow
                        key={row.path}
                        row={row}
                        index={from + offset}
                        reachable={from + offset === reachable}
                      />
                    )),
            )}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** Read without subscribing: live figures must not lay the tree out anew. */
function treeNodes(state: ReturnType<typeof useConsole>['state']): readonly TreeNode[] {
  return state.order.value.flatMap((path) => {
    const node = state.nodes.get(path)?.peek();
    if (node === undefined) return [];
    const { en = '', zh = '' } = node.displayName;
    return [{ path, parent: node.parent, text: `${path} ${node.name} ${en} ${zh} ${node.kind ?? ''}` }];
  });
}
