import type { DraftTag } from '../proposal/plant-draft.ts';

/** A tag as a source describes it, before its role is guessed. */
export type ImportedTag = {
  readonly name: string;
  readonly nodeId: string;
  readonly unit: string | null;
  /** Names around it that may say what it is. */
  readonly context: readonly string[];
  readonly samplingMs?: number | undefined;
  readonly publishingMs?: number | undefined;
  readonly queueSize?: number | undefined;
  readonly trigger?: string | undefined;
  /** Why it cannot be used as it is, or null. */
  readonly problem: string | null;
};

export type SamplingOfTag = Pick<DraftTag, 'samplingInterval' | 'publishingInterval' | 'queueSize' | 'trigger'>;

/** What of a node id a plant file cannot hold without asking the server. */
export type ReadNodeId = { readonly nodeId: string; readonly problem: string | null };

/**
 * Reads the ways other products write a node id: `nsu=…;s=…`, `ns=2;s=…`, `uri#s=…`, `NS2|String|…`, `i=…`. By an
 * index it is resolved by the server's NamespaceArray; without one it stays as it is with a problem.
 */
export function readNodeId(text: string, namespaces?: readonly string[]): ReadNodeId {
  const id = text.trim();
  const byUri = /^nsu=([^;]+);([isgb]=.+)$/s.exec(id);
  if (byUri !== null) return { nodeId: id, problem: null };
  const zero = /^(?:ns=0;)?([isgb]=.+)$/s.exec(id);
  if (zero?.[1] !== undefined) return { nodeId: zero[1], problem: null };
  const byIndex = /^ns=(\d+);([isgb]=.+)$/s.exec(id);
  if (byIndex !== null) return fromIndex(id, byIndex, namespaces);
  const hash = /^([a-z][\w+.-]*:[^#]*)#([isgb]=.+)$/is.exec(id);
  if (hash?.[1] !== undefined) return { nodeId: `nsu=${hash[1]};${hash[2] ?? ''}`, problem: null };
  const expert = /^NS(\d+)\|(Numeric|String|Guid|Opaque)\|(.+)$/is.exec(id);
  if (expert?.[1] !== undefined) {
    const kind = { numeric: 'i', string: 's', guid: 'g', opaque: 'b' }[(expert[2] ?? '').toLowerCase()] ?? 's';
    return readNodeId(`ns=${expert[1]};${kind}=${expert[3] ?? ''}`, namespaces);
  }
  return { nodeId: id, problem: `"${id}" is no node id` };
}

function fromIndex(nodeId: string, match: RegExpExecArray, namespaces: readonly string[] | undefined): ReadNodeId {
  if (namespaces === undefined) return { nodeId, problem: BY_INDEX };
  const uri = namespaces[Number(match[1])];
  if (uri !== undefined) return { nodeId: `nsu=${uri};${match[2] ?? ''}`, problem: null };
  return { nodeId, problem: `the server has no namespace ${match[1] ?? ''}, it has ${namespaces.length}` };
}

/** Said of node ids by index; `--connect` resolves them. */
export const BY_INDEX = 'names its namespace by index; only the server knows the URI behind it (use --connect)';
