import type { ClientSession, DataValue } from 'node-opcua';
import type { FieldFacts } from '../tags/field-facts.ts';
import type { PlainValue } from '../tags/plain-value.ts';
import type { OtherValue } from './notification-decoder.ts';
import type { WorkerMessage, WorkerStart } from './protocol.ts';
import type { ResolvedTag } from './subscribe.ts';
import { checkUnits } from './units.ts';
import { createValueDecoder, type NodeType, type ValueDecoder } from './values/value-decoder.ts';
import type { RefusedValue } from './values/value-limits.ts';
import type { EnumerationNames } from './values/value-type.ts';

type Say = (message: WorkerMessage) => void;

/** What a session has learned of its nodes: data types, names of enumerations, units and ranges. */
export class NodeKnowledge implements Disposable {
  /** Names of the values of an enumeration, by handle. */
  readonly names = new Map<number, EnumerationNames>();
  readonly #session: ClientSession;
  readonly #say: Say;
  readonly #maxPerRead: number;
  readonly #decoder: ValueDecoder;
  readonly #types = new Map<number, NodeType>();

  constructor(
    session: ClientSession,
    server: WorkerStart['server'],
    namespaces: readonly string[],
    maxPerRead: number,
    say: Say,
  ) {
    this.#session = session;
    this.#say = say;
    this.#maxPerRead = maxPerRead;
    this.#decoder = createValueDecoder(session, {
      namespaces,
      dataTypes: server.dataTypes ?? 'read',
      maxNodesPerCall: maxPerRead,
      onTypeTrouble: (message) => this.#noteTrouble(server, message),
    });
  }

  /** The plain form of a value of the library. */
  decode(handle: number, dataValue: DataValue): PlainValue | RefusedValue {
    return this.#decoder.decode(dataValue, this.#types.get(handle));
  }

  /** How values that are no plain numbers are read and named. */
  get decoding(): { readonly other: OtherValue; readonly names: ReadonlyMap<number, EnumerationNames> } {
    return { other: (handle, dataValue) => this.decode(handle, dataValue), names: this.names };
  }

  /** Reads types, units and ranges of the nodes and says them. Never fails; values flow meanwhile. */
  async learn(tags: readonly ResolvedTag[]): Promise<void> {
    const types = await this.#decoder.prepare(tags.map(({ nodeId }) => nodeId));
    const units = await checkUnits(this.#session, tags, this.#say, this.#maxPerRead);
    const facts = new Map<number, FieldFacts>();
    tags.forEach(({ tag: { handle } }, index) => {
      const type = types[index];
      if (type === undefined) return;
      this.#types.set(handle, type);
      if (type.names !== null) this.names.set(handle, type.names);
      facts.set(handle, {
        ...units.get(handle),
        ...(type.builtIn === null ? {} : { builtIn: type.builtIn }),
        ...(type.dataType === null ? {} : { dataType: type.dataType }),
        ...(type.valueRank === null ? {} : { valueRank: type.valueRank }),
      });
    });
    this.#say({ kind: 'facts', facts });
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
  }

  #noteTrouble({ name, endpoint }: WorkerStart['server'], message: string | null): void {
    if (message === null) return this.#say({ kind: 'clear', code: 'TYPES_UNREADABLE', where: endpoint });
    this.#say({
      kind: 'problem',
      problem: {
        code: 'TYPES_UNREADABLE',
        severity: 'warning',
        where: endpoint,
        message: `server "${name}" does not tell its data types: ${message}`,
        remedy:
          'scalars are not touched; structures travel undecoded until the types can be read; dataTypes: off stops asking',
      },
    });
  }
}
