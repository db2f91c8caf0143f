type Node<Value> = { readonly children: Map<string, Node<Value>>; readonly values: Set<Value> };

const empty = <Value>(): Node<Value> => ({ children: new Map(), values: new Set() });

/** Topic filters with values, found by the topics they match. [MQTT-4.7] */
export class FilterTree<Value> {
  readonly #root: Node<Value> = empty();

  add(filter: string, value: Value): void {
    let node = this.#root;
    for (const level of filter.split('/')) {
      const next = node.children.get(level) ?? empty<Value>();
      node.children.set(level, next);
      node = next;
    }
    node.values.add(value);
  }

  remove(filter: string, value: Value): void {
    const path: (readonly [Node<Value>, string])[] = [];
    let node = this.#root;
    for (const level of filter.split('/')) {
      const next = node.children.get(level);
      if (next === undefined) return;
      path.push([node, level]);
      node = next;
    }
    node.values.delete(value);
    for (const [parent, level] of path.reverse()) {
      const child = parent.children.get(level);
      if (child === undefined || child.values.size > 0 || child.children.size > 0) return;
      parent.children.delete(level);
    }
  }

  match(topic: string): Value[] {
    const found: Value[] = [];
    const levels = topic.split('/');
    const visit = (node: Node<Value>, depth: number): void => {
      const wildcard = depth > 0 || !topic.startsWith('$');
      if (wildcard) found.push(...(node.children.get('#')?.values ?? []));
      const level = levels[depth];
      if (level === undefined) {
        found.push(...node.values);
        return;
      }
      const exact = node.children.get(level);
      if (exact !== undefined) visit(exact, depth + 1);
      const any = wildcard ? node.children.get('+') : undefined;
      if (any !== undefined) visit(any, depth + 1);
    };
    visit(this.#root, 0);
    return found;
  }
}
