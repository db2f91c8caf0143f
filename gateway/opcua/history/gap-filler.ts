import {
  AttributeIds,
  HistoryData,
  HistoryReadRequest,
  HistoryReadValueId,
  ReadRawModifiedDetails,
  StatusCodes,
  TimestampsToReturn,
  type ClientSession,
  type DataValue,
  type HistoryReadResult,
} from 'node-opcua';
import { describeError } from '../../../broker/contract/error.ts';
import type { BatchSender } from '../batch-sender.ts';
import type { Gap } from '../last-seen.ts';
import { nameValues } from '../named-values.ts';
import { takeObject, type OtherValue } from '../notification-decoder.ts';
import type { WorkerMessage, WorkerStart } from '../protocol.ts';
import { batchSize, inBatches } from '../service-batches.ts';
import { ColumnCollector } from '../value-columns.ts';
import type { EnumerationNames } from '../values/value-type.ts';

export type GapFillerParts = {
  readonly server: WorkerStart['server'];
  readonly sender: BatchSender;
  readonly say: (message: WorkerMessage) => void;
  readonly other: OtherValue;
  /** Names of the values of an enumeration, by handle. */
  readonly names: ReadonlyMap<number, EnumerationNames>;
  /** Node id of a tag in this session, null when it has none. */
  readonly nodeOf: (handle: number) => string | null;
  readonly maxNodesPerRead: number;
  readonly maxNodesPerHistoryRead: number;
};

/** Nodes asked for at once, and values of each per answer: bounds what an answer can weigh. */
const NODES = 20;
const VALUES_PER_NODE = 500;
/** Gaps that begin and end within this of one another are read together. */
const TOGETHER_MS = 60_000;
/** A historian writes a little behind the live values. */
const SETTLE_MS = 1500;
/** A page has to be on disk before the next one is asked for; live values go before history. */
const DURABLE_MS = 30_000;
/** OPC 10000-3 8.57: bit of AccessLevel that allows HistoryRead. */
const HISTORY_READ_BIT = 4;
const PENDING = 100_000;

type Asked = { readonly gap: Gap; readonly nodeId: string; continuation: Buffer | null };

/**
 * Fills gaps in the values of tags from the server's own history (OPC 10000-11 6.5.3): only what lies between two values that have been
 * seen, so that none comes twice. Nodes without history cost one read of their access level.
 */
export class GapFiller implements Disposable {
  readonly #session: ClientSession;
  readonly #parts: GapFillerParts;
  readonly #collector = new ColumnCollector();
  /** Whether the history of a tag may be read. */
  readonly #readable = new Map<number, boolean>();
  #pending: Gap[] = [];
  #isRunning = false;
  #isStopped = false;
  #durableNumber = 0;
  #onDurable: (() => void) | null = null;

  constructor(session: ClientSession, parts: GapFillerParts) {
    this.#session = session;
    this.#parts = parts;
  }

  /** Takes gaps to fill; the work goes on beside the live values and never fails. */
  add(gaps: readonly Gap[]): void {
    if (this.#isStopped) return;
    this.#pending.push(...gaps.slice(0, Math.max(0, PENDING - this.#pending.length)));
    if (this.#isRunning || this.#pending.length === 0) return;
    this.#isRunning = true;
    void this.#run().finally(() => {
      this.#isRunning = false;
    });
  }

  /** Every batch up to this number is on disk. */
  durable(batch: number): void {
    this.#durableNumber = Math.max(this.#durableNumber, batch);
    this.#onDurable?.();
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#onDurable?.();
  }

  async #run(): Promise<void> {
    await pause(SETTLE_MS);
    let values = 0;
    const filled = new Set<number>();
    let from = Number.POSITIVE_INFINITY;
    let to = Number.NEGATIVE_INFINITY;
    while (this.#pending.length > 0 && !this.#isStopped) {
      const gaps = this.#pending;
      this.#pending = [];
      try {
        for (const group of grouped(await this.#withHistory(gaps), this.#groupSize())) {
          if (this.#isStopped) break;
          values += await this.#fill(group, (gap) => {
            filled.add(gap.handle);
            from = Math.min(from, gap.from);
            to = Math.max(to, gap.to);
          });
        }
      } catch (error) {
        this.#log('history could not be read', describeError(error));
      }
    }
    if (values > 0) this.#report(values, filled.size, from, to);
  }

  #groupSize(): number {
    return batchSize(this.#parts.maxNodesPerHistoryRead, NODES).current;
  }

  /** Finds out which of these tags have a history that may be read, and says it. Never fails. */
  async learn(handles: readonly number[]): Promise<void> {
    await this.#learn(handles).catch((error: unknown) =>
      this.#log('access to history is not known', describeError(error)),
    );
  }

  async #learn(handles: readonly number[]): Promise<void> {
    const unknown = handles.flatMap((handle) => {
      const nodeId = this.#readable.has(handle) ? null : this.#parts.nodeOf(handle);
      return nodeId === null ? [] : [{ handle, nodeId }];
    });
    const levels = await inBatches(unknown, batchSize(this.#parts.maxNodesPerRead, 500), (batch) =>
      this.#session.read(batch.map(({ nodeId }) => ({ nodeId, attributeId: AttributeIds.UserAccessLevel }))),
    );
    unknown.forEach(({ handle }, index) => {
      const level: unknown = levels[index]?.value?.value;
      this.#readable.set(handle, typeof level === 'number' && (level & HISTORY_READ_BIT) !== 0);
    });
    const historized = unknown.map(({ handle }) => handle).filter((handle) => this.#readable.get(handle) === true);
    if (historized.length > 0) this.#parts.say({ kind: 'historized', handles: historized });
  }

  /** The gaps of tags whose history may be read. */
  async #withHistory(gaps: readonly Gap[]): Promise<Asked[]> {
    await this.#learn([...new Set(gaps.map(({ handle }) => handle))]);
    return gaps.flatMap((gap) => {
      const nodeId = this.#readable.get(gap.handle) === true ? this.#parts.nodeOf(gap.handle) : null;
      return nodeId === null ? [] : [{ gap, nodeId, continuation: null }];
    });
  }

  /** @returns how many values were found. */
  async #fill(group: readonly Asked[], onFilled: (gap: Gap) => void): Promise<number> {
    const details = new ReadRawModifiedDetails({
      isReadModified: false,
      startTime: new Date(Math.min(...group.map(({ gap }) => gap.from))),
      endTime: new Date(Math.max(...group.map(({ gap }) => gap.to)) + 1),
      numValuesPerNode: VALUES_PER_NODE,
      returnBounds: false,
    });
    let values = 0;
    let open = [...group];
    try {
      while (open.length > 0 && !this.#isStopped) {
        const results = await this.#request(details, open, false);
        open.forEach((asked, index) => {
          const found = this.#take(asked, results[index]);
          if (found > 0) onFilled(asked.gap);
          values += found;
        });
        open = open.filter(({ continuation }) => continuation !== null);
        await this.#send();
      }
    } finally {
      if (open.some(({ continuation }) => continuation !== null))
        await this.#request(details, open, true).catch(() => undefined);
    }
    return values;
  }

  async #request(
    historyReadDetails: ReadRawModifiedDetails,
    asked: readonly Asked[],
    releaseContinuationPoints: boolean,
  ): Promise<readonly HistoryReadResult[]> {
    const request = new HistoryReadRequest({
      historyReadDetails,
      releaseContinuationPoints,
      timestampsToReturn: TimestampsToReturn.Both,
      nodesToRead: asked.map(
        ({ nodeId, continuation }) =>
          new HistoryReadValueId({ nodeId, ...(continuation === null ? {} : { continuationPoint: continuation }) }),
      ),
    });
    const { results } = await this.#session.historyRead(request);
    return results ?? [];
  }

  #take(asked: Asked, result: HistoryReadResult | undefined): number {
    const { gap } = asked;
    const point = result?.continuationPoint;
    const before = asked.continuation;
    asked.continuation = point !== undefined && point !== null && point.length > 0 ? point : null;
    if (result === undefined || result.statusCode.isBad()) {
      asked.continuation = null;
      const status = result?.statusCode ?? StatusCodes.BadUnexpectedError;
      if (status.equals(StatusCodes.BadHistoryOperationUnsupported)) this.#readable.set(gap.handle, false);
      this.#log('history of a node could not be read', `${asked.nodeId}: ${status.name}`);
      return 0;
    }
    const data = result.historyData;
    const values: readonly DataValue[] = data instanceof HistoryData ? (data.dataValues ?? []) : [];
    // A server that gives the same point again without values would be asked for ever.
    if (values.length === 0 && before !== null) asked.continuation = null;
    let found = 0;
    for (const value of values) {
      const at = value.sourceTimestamp?.getTime() ?? Number.NaN;
      if (!(at > gap.from && at < gap.to) || value.statusCode.equals(StatusCodes.BadNoData)) continue;
      takeObject(gap.handle, value, this.#collector, at, this.#parts.other);
      found += 1;
    }
    return found;
  }

  /** Sends what was collected and waits until it is on disk. */
  async #send(): Promise<void> {
    if (this.#collector.length === 0) return;
    if (this.#parts.names.size > 0) nameValues(this.#collector, this.#parts.names);
    const number = this.#parts.sender.send({ ...this.#collector.take(), origin: 'history' }, Date.now());
    const deadline = Date.now() + DURABLE_MS;
    while (this.#durableNumber < number && !this.#isStopped && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.#onDurable = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#onDurable = null;
  }

  #report(values: number, tags: number, from: number, to: number): void {
    const { server, say } = this.#parts;
    const span = `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
    say({
      kind: 'event',
      event: {
        kind: 'history-filled',
        severity: 'info',
        message: `${values} values of ${tags} tags between ${span} were missing and came from the history of server "${server.name}"`,
        subject: server.endpoint,
        detail: {
          server: server.name,
          values,
          tags,
          from: new Date(from).toISOString(),
          to: new Date(to).toISOString(),
        },
      },
    });
  }

  #log(message: string, reason: string): void {
    this.#parts.say({ kind: 'log', level: 'debug', fields: { server: this.#parts.server.name, reason }, message });
  }
}

/** Groups of at most `size` gaps that lie close together in time; a tag stands once in a group. */
function grouped(asked: readonly Asked[], size: number): Asked[][] {
  const groups: Asked[][] = [];
  const sorted = [...asked].sort((a, b) => a.gap.from - b.gap.from || a.gap.to - b.gap.to);
  for (const one of sorted) {
    const group = groups.findLast(
      (others) =>
        others.length < size &&
        others.every(
          ({ gap }) =>
            gap.handle !== one.gap.handle &&
            Math.abs(gap.from - one.gap.from) <= TOGETHER_MS &&
            Math.abs(gap.to - one.gap.to) <= TOGETHER_MS,
        ),
    );
    if (group === undefined) groups.push([one]);
    else group.push(one);
  }
  return groups;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
