import { AttributeIds, DataType, NodeId, VariantArrayType, type DataValue, type Variant } from 'node-opcua';
import { describeError } from '../../../broker/contract/error.ts';
import { nonFiniteText, type PlainValue } from '../../tags/plain-value.ts';
import { readInteger64 } from './integer64.ts';
import { nodeIdText } from './node-id-text.ts';
import { createContext, plainOfVariant } from './plain-of.ts';
import { inBatches } from './safe-batches.ts';
import { TypeCatalog } from './type-catalog.ts';
import type { TypeSource } from './type-reader.ts';
import {
  Budget,
  defaultLimits,
  refusalReasons,
  refusals,
  ValueRefusedError,
  type RefusalReason,
  type RefusedValue,
  type ValueLimits,
} from './value-limits.ts';
import { named, type EnumerationNames, type TypeLookup, type ValueType } from './value-type.ts';

export type ValueDecoderOptions = {
  /** The server's NamespaceArray in this session. */
  readonly namespaces: readonly string[];
  /** off: nothing is asked of the server; enumerations stay numbers, structures of its own stay undecoded. */
  readonly dataTypes?: 'read' | 'off';
  /** number: enumeration values without their names. */
  readonly enumerations?: 'named' | 'number';
  readonly limits?: Partial<ValueLimits>;
  /** Nodes per Read and Browse the server takes; 0: it does not say. */
  readonly maxNodesPerCall?: number;
  /** Told when types could not be read, and when they could again (null). Tries go on by themselves. */
  readonly onTypeTrouble?: (message: string | null) => void;
};

/** What the server says of the type of a node's values. It fills in when the types have been read. */
export type NodeType = {
  readonly nodeId: string;
  /** The data type with its namespace URI, or null while it is not known. */
  dataType: string | null;
  /** Built-in type id the values are encoded as (OPC 10000-6 5.1.2), or null. */
  builtIn: number | null;
  /** OPC 10000-3 5.6.2: −1 scalar, 1 array, more dimensions of a matrix, the rest not fixed. Null while it is not known. */
  valueRank: number | null;
  names: EnumerationNames | null;
};

export type DecoderCounters = {
  readonly refused: Readonly<Record<RefusalReason, number>>;
  /** Structures passed on as undecoded bytes. */
  readonly undecoded: number;
  /** Attempts to read types that failed. */
  readonly typeFailures: number;
};

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 600_000;
const EXTENSION_OBJECT = 22;
const INT32 = 6;

/** A decoder for one session; dispose of it with the session. */
export function createValueDecoder(session: TypeSource, options: ValueDecoderOptions): ValueDecoder {
  return new ValueDecoder(session, options);
}

/**
 * Turns values of the OPC UA library into plain values. Types are read ahead, in the background and again when that
 * failed; decoding itself never waits, and never throws for what a server sent.
 */
export class ValueDecoder implements Disposable {
  readonly #session: TypeSource;
  readonly #options: ValueDecoderOptions;
  readonly #limits: ValueLimits;
  readonly #catalog: TypeCatalog;
  readonly #lookup: TypeLookup;
  readonly #nodes = new Map<string, NodeType>();
  /** Nodes whose type is still to be read. */
  readonly #unread = new Set<string>();
  readonly #refused = new Map<RefusalReason, number>();
  #undecoded = 0;
  #typeFailures = 0;
  #retry: NodeJS.Timeout | null = null;
  #retryMs = FIRST_RETRY_MS;
  #loading: Promise<void> | null = null;
  #troubled = false;
  #closed = false;

  constructor(session: TypeSource, options: ValueDecoderOptions) {
    this.#session = session;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    const catalog = new TypeCatalog(session, options.namespaces, options.maxNodesPerCall ?? 0);
    this.#catalog = catalog;
    this.#lookup = {
      namespaces: options.namespaces,
      type: (dataType) => this.#withoutNames(catalog.type(dataType)),
      structureOf: (encodingId) => catalog.structureOf(encodingId),
      missing: (encodingId) => this.#noteUndecoded(encodingId),
    };
  }

  get counters(): DecoderCounters {
    const refused = Object.fromEntries(refusalReasons.map((reason) => [reason, this.#refused.get(reason) ?? 0]));
    return {
      refused: refused as Record<RefusalReason, number>,
      undecoded: this.#undecoded,
      typeFailures: this.#typeFailures,
    };
  }

  /** The type of a node, at once; what is not known yet is filled in later in the same object. */
  typeOf(nodeId: string): NodeType {
    const known = this.#nodes.get(nodeId);
    if (known !== undefined) return known;
    const type: NodeType = { nodeId, dataType: null, builtIn: null, valueRank: null, names: null };
    this.#nodes.set(nodeId, type);
    return type;
  }

  /**
   * Reads data types, enumeration names and structure definitions for these nodes. Never fails: what cannot be read is
   * tried again later, and values are decoded as well as possible meanwhile.
   */
  async prepare(nodeIds: readonly string[]): Promise<readonly NodeType[]> {
    const types = nodeIds.map((nodeId) => this.typeOf(nodeId));
    if (this.#options.dataTypes !== 'off') {
      for (const nodeId of nodeIds) this.#unread.add(nodeId);
      await this.#load();
    }
    return types;
  }

  /**
   * The plain value, or a refusal with the status code the tag gets instead. Numbers, truth values and short texts come
   * back as they are.
   */
  decode(dataValue: DataValue, type: NodeType | null = null): PlainValue | RefusedValue {
    const variant: Variant | null | undefined = dataValue.value;
    if (variant === null || variant === undefined) return null;
    const value: unknown = variant.value;
    if (typeof value === 'number') {
      if (type !== null && type.names !== null && variant.dataType === DataType.Int32) return named(type.names, value);
      return Number.isFinite(value) ? value : nonFiniteText(value);
    }
    if (typeof value === 'boolean') return value;
    if (typeof value === 'string') {
      return value.length > this.#limits.maxTextLength ? this.#refuse('text-too-long') : value;
    }
    return value === null || value === undefined ? null : this.#decodeObject(variant, type);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }

  #decodeObject(variant: Variant, type: NodeType | null): PlainValue | RefusedValue {
    const { dataType } = variant;
    if (
      (dataType === DataType.Int64 || dataType === DataType.UInt64) &&
      variant.arrayType === VariantArrayType.Scalar
    ) {
      return readInteger64(variant.value, dataType === DataType.Int64);
    }
    try {
      const context = createContext(this.#lookup, new Budget(this.#limits));
      return plainOfVariant(variant, context, type?.names ?? null);
    } catch (error) {
      // The library throws its own errors for bodies that end too early.
      return this.#refuse(error instanceof ValueRefusedError ? error.reason : 'body-malformed');
    }
  }

  #withoutNames(type: ValueType | undefined): ValueType | undefined {
    return type?.kind === 'enumeration' && this.#options.enumerations === 'number' ? PLAIN_INT32 : type;
  }

  #noteUndecoded(encodingId: string): void {
    this.#undecoded += 1;
    if (this.#options.dataTypes === 'off') return;
    this.#catalog.missing(encodingId);
    this.#scheduleRetry();
  }

  /** One load at a time; never rejects. */
  async #load(): Promise<void> {
    while (this.#loading !== null) await this.#loading;
    this.#loading = this.#loadOnce().finally(() => {
      this.#loading = null;
    });
    await this.#loading;
  }

  async #loadOnce(): Promise<void> {
    try {
      await this.#readNodes();
      if (this.#catalog.missingCount > 0) await this.#catalog.loadMissing();
      if (this.#troubled) this.#options.onTypeTrouble?.(null);
      this.#troubled = false;
    } catch (error) {
      this.#typeFailures += 1;
      if (!this.#troubled && !this.#closed) this.#options.onTypeTrouble?.(describeError(error));
      this.#troubled = true;
    }
    if (this.#unread.size > 0 || this.#catalog.missingCount > 0) this.#scheduleRetry();
    else this.#retryMs = FIRST_RETRY_MS;
  }

  async #readNodes(): Promise<void> {
    const nodeIds = [...this.#unread];
    const answers = await inBatches(
      nodeIds.flatMap((nodeId) => [
        { nodeId, attributeId: AttributeIds.DataType },
        { nodeId, attributeId: AttributeIds.ValueRank },
      ]),
      this.#options.maxNodesPerCall ?? 0,
      (batch) => this.#session.read(batch),
    );
    const found = nodeIds.flatMap((nodeId, index) => {
      const dataType: unknown = answers[index * 2]?.value?.value;
      const valueRank: unknown = answers[index * 2 + 1]?.value?.value;
      return dataType instanceof NodeId ? [{ nodeId, dataType, valueRank }] : [];
    });
    await this.#catalog.load(found.map(({ dataType }) => dataType.toString()));
    for (const { nodeId, dataType, valueRank } of found) {
      this.#unread.delete(nodeId);
      const node = this.typeOf(nodeId);
      const type = this.#lookup.type(dataType.toString());
      node.dataType = nodeIdText(dataType, this.#options.namespaces);
      node.valueRank = typeof valueRank === 'number' ? valueRank : null;
      node.builtIn = builtInOf(type);
      node.names = type?.kind === 'enumeration' ? type.names : null;
    }
  }

  #scheduleRetry(): void {
    if (this.#retry !== null || this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      void this.#load();
    }, this.#retryMs).unref();
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  #refuse(reason: RefusalReason): RefusedValue {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    return refusals[reason];
  }
}

const PLAIN_INT32: ValueType = { kind: 'built-in', builtIn: INT32 };

function builtInOf(type: ValueType | undefined): number | null {
  switch (type?.kind) {
    case 'built-in':
      return type.builtIn;
    case 'enumeration':
      return INT32;
    case 'structure':
      return EXTENSION_OBJECT;
    case 'unknown':
    case undefined:
      return null;
    default:
      return type satisfies never;
  }
}
