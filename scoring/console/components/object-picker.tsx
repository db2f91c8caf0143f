import { useConsole } from '../console-context.ts';
import { nameIn, t } from '../i18n/text.ts';

/** Chooses the object a screen is about. */
export function ObjectPicker() {
  const { state, actions } = useConsole();
  const items = state.order.value.flatMap((path) => {
    const node = state.nodes.get(path)?.peek();
    return node === undefined ? [] : [node];
  });
  const selected = state.selected.value;
  return (
    <label class="picker">
      <span class="quiet">{t('picker.label')}</span>
      <select value={selected} onChange={(event) => actions.select(event.currentTarget.value)}>
        {!items.some(({ path }) => path === selected) && <option value={selected}>{t('picker.choose')}</option>}
        {items.map((node) => (
          <option key={node.path} value={node.path}>
            {`${'  '.repeat(node.path === '' ? 0 : node.path.split('/').length)}${nameIn(node.displayName, node.name)}`}
          </option>
        ))}
      </select>
    </label>
  );
}
