import type { NodeId } from 'node-opcua';

/**
 * A node id with its namespace URI (`nsu=…;s=…`), as a plant file writes it; `i=…` in namespace 0. An index the
 * server's NamespaceArray does not hold stays an index (`ns=…`).
 */
export function nodeAddressText(nodeId: Pick<NodeId, 'toString'>, namespaces: readonly string[]): string {
  const match = /^(?:ns=(\d+);)?(.+)$/s.exec(nodeId.toString());
  const index = Number(match?.[1] ?? 0);
  const identifier = match?.[2] ?? '';
  if (index === 0) return identifier;
  const uri = namespaces[index];
  return uri === undefined ? `ns=${index};${identifier}` : `nsu=${uri};${identifier}`;
}

/** Longest text of a value that is shown. */
const PREVIEW_LENGTH = 60;

/** A value as short text for people: big ones are cut, lists show their length. */
export function previewValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const { length } = value as { length?: number };
    return `[${length ?? 0} values]`;
  }
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') {
    const name = value.constructor.name;
    const text = 'text' in value && typeof value.text === 'string' ? value.text : '';
    return text === '' ? `{${name}}` : shorten(text);
  }
  return shorten(typeof value === 'string' ? value : JSON.stringify(value, bigAsText));
}

const bigAsText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/** Cuts a text and makes it one line without control characters, whatever a server put into it. */
export function shorten(text: string, length: number = PREVIEW_LENGTH): string {
  const flat = text.slice(0, length + 1).replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ');
  return flat.length > length ? `${flat.slice(0, length - 1)}…` : flat;
}
