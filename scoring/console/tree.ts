/** What the tree needs to know of an object. */
export type TreeNode = { readonly path: string; readonly parent: string | null; readonly text: string };

/** One visible row. */
export type TreeRow = {
  readonly path: string;
  readonly parent: string | null;
  /** 1 is the root, as aria-level counts. */
  readonly level: number;
  readonly expandable: boolean;
  readonly expanded: boolean;
  /** Place among its visible siblings, from 1. */
  readonly position: number;
  readonly siblings: number;
};

/**
 * The visible rows in the order of the nodes (depth first). A search shows every match with all above and below it
 * and opens what is collapsed. A node whose parent is not known counts as a root.
 */
export function visibleRows(
  nodes: readonly TreeNode[],
  options: { readonly search: string; readonly collapsed: ReadonlySet<string> },
): readonly TreeRow[] {
  const byPath = new Map(nodes.map((node) => [node.path, node]));
  const words = options.search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const shown = words.length === 0 ? null : matches(nodes, byPath, words);
  const children = new Map<string | null, TreeNode[]>();
  for (const node of nodes) {
    if (shown !== null && !shown.has(node.path)) continue;
    const parent = node.parent !== null && byPath.has(node.parent) ? node.parent : null;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [node]);
    else siblings.push(node);
  }
  const rows: TreeRow[] = [];
  const add = (parent: string | null, level: number) => {
    const siblings = children.get(parent) ?? [];
    for (const [index, node] of siblings.entries()) {
      const expandable = children.has(node.path);
      const expanded = expandable && (shown !== null || !options.collapsed.has(node.path));
      rows.push({
        path: node.path,
        parent,
        level,
        expandable,
        expanded,
        position: index + 1,
        siblings: siblings.length,
      });
      if (expanded) add(node.path, level + 1);
    }
  };
  add(null, 1);
  return rows;
}

function matches(
  nodes: readonly TreeNode[],
  byPath: ReadonlyMap<string, TreeNode>,
  words: readonly string[],
): ReadonlySet<string> {
  const hits = new Set(
    nodes.filter(({ text }) => words.every((word) => text.toLowerCase().includes(word))).map(({ path }) => path),
  );
  const shown = new Set<string>();
  for (const node of nodes) {
    const above = ancestors(node, byPath);
    const below = hits.has(node.path) || above.some((path) => path !== '' && hits.has(path));
    if (!below) continue;
    shown.add(node.path);
    for (const path of above) shown.add(path);
  }
  return shown;
}

function ancestors(node: TreeNode, byPath: ReadonlyMap<string, TreeNode>): readonly string[] {
  const above: string[] = [];
  let parent = node.parent;
  while (parent !== null && byPath.has(parent) && !above.includes(parent)) {
    above.push(parent);
    parent = byPath.get(parent)?.parent ?? null;
  }
  return above;
}

/** What a key does in the tree. */
export type TreeMove =
  | { readonly kind: 'focus'; readonly path: string }
  | { readonly kind: 'expand' | 'collapse'; readonly path: string };

/** The move of a key at a row, after the treegrid pattern of the ARIA practices; null when the key means nothing here. */
export function moveOf(key: string, path: string, rows: readonly TreeRow[]): TreeMove | null {
  const index = rows.findIndex((row) => row.path === path);
  const row = rows[index];
  if (row === undefined) return null;
  const focus = (target: TreeRow | undefined): TreeMove | null =>
    target === undefined ? null : { kind: 'focus', path: target.path };
  switch (key) {
    case 'ArrowDown':
      return focus(rows[index + 1]);
    case 'ArrowUp':
      return focus(rows[index - 1]);
    case 'Home':
      return focus(rows[0]);
    case 'End':
      return focus(rows.at(-1));
    case 'ArrowRight':
      if (!row.expandable) return null;
      return row.expanded ? focus(rows[index + 1]) : { kind: 'expand', path };
    case 'ArrowLeft':
      return row.expanded
        ? { kind: 'collapse', path }
        : focus(rows.find((one) => row.parent !== null && one.path === row.parent));
    default:
      return null;
  }
}
