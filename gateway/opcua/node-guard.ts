import { AttributeIds, NodeClass, NodeId, type ClientSession, type DataValue } from 'node-opcua';
import { describeError } from '../../broker/contract/error.ts';
import type { ResolvedTag } from './subscribe.ts';

/** Data types by node id in namespace 0 (OPC 10000-6 A.3), as plant files name them. */
const builtIn: Readonly<Record<string, string>> = {
  'i=1': 'Boolean',
  'i=2': 'SByte',
  'i=3': 'Byte',
  'i=4': 'Int16',
  'i=5': 'UInt16',
  'i=6': 'Int32',
  'i=7': 'UInt32',
  'i=8': 'Int64',
  'i=9': 'UInt64',
  'i=10': 'Float',
  'i=11': 'Double',
  'i=12': 'String',
  'i=13': 'DateTime',
  'i=14': 'Guid',
  'i=15': 'ByteString',
};
const BATCH = 500;

/**
 * What the tags of a server were when they were first seen. A node that is something else after a restart is not the
 * node that was meant, and its values must not be taken for those of the tag.
 */
export class NodeGuard {
  readonly #known = new Map<number, string>();

  /**
   * Reads node class and data type of the tags and compares them with the plant file and with what they were before.
   * Nodes that the server does not describe are let pass: their items say what is wrong with them.
   * @returns the tags that are something else, with the reason.
   */
  async check(
    session: ClientSession,
    namespaces: readonly string[],
    tags: readonly ResolvedTag[],
    maxPerRead: number,
  ): Promise<ReadonlyMap<number, string>> {
    const wrong = new Map<number, string>();
    let size = maxPerRead > 0 ? Math.max(1, Math.floor(Math.min(maxPerRead, BATCH * 2) / 2)) : BATCH;
    for (let at = 0; at < tags.length;) {
      const batch = tags.slice(at, at + size);
      const values = await read(session, batch);
      if (values === null && size > 1) {
        size = Math.ceil(size / 2);
        continue;
      }
      batch.forEach(({ tag }, index) => {
        const reason = this.#compare(tag, values?.[index * 2], values?.[index * 2 + 1], namespaces);
        if (reason !== null) wrong.set(tag.handle, reason);
      });
      at += batch.length;
    }
    return wrong;
  }

  #compare(
    { handle, dataType }: ResolvedTag['tag'],
    nodeClass: DataValue | undefined,
    typeNode: DataValue | undefined,
    namespaces: readonly string[],
  ): string | null {
    const found: unknown = nodeClass?.value?.value;
    const variable: number = NodeClass.Variable;
    if (typeof found === 'number' && found !== variable)
      return `it is of node class ${NodeClass[found] ?? found}, not Variable`;
    const id: unknown = typeNode?.value?.value;
    if (!(id instanceof NodeId)) return null;
    const text = id.toString();
    const name =
      id.namespace === 0
        ? (builtIn[text] ?? text)
        : `nsu=${namespaces[id.namespace] ?? ''};${text.replace(/^ns=\d+;/, '')}`;
    if (dataType !== null && name !== dataType) return `its data type is ${name}, the plant file says ${dataType}`;
    const before = this.#known.get(handle);
    this.#known.set(handle, before ?? name);
    return before === undefined || before === name ? null : `its data type is ${name}, it was ${before} before`;
  }
}

async function read(session: ClientSession, batch: readonly ResolvedTag[]): Promise<DataValue[] | null> {
  try {
    return await session.read(
      batch.flatMap(({ nodeId }) => [
        { nodeId, attributeId: AttributeIds.NodeClass },
        { nodeId, attributeId: AttributeIds.DataType },
      ]),
    );
  } catch (error) {
    if (/TooMany|EncodingLimits|TooLarge/.test(describeError(error))) return null;
    throw error;
  }
}
