import {
  AttributeIds,
  CreateMonitoredItemsRequest,
  EventNotificationList,
  MonitoringMode,
  NodeIdType,
  ObjectTypeIds,
  TimestampsToReturn,
  type ClientSession,
  type ClientSubscription,
  type CreateMonitoredItemsResponse,
  type NodeId,
  type NotificationMessage,
  type Variant,
} from 'node-opcua';
import type { AckGate } from '../ack-gate.ts';
import { parseNodeAddress, resolveNodeAddress } from '../node-address.ts';
import type { WorkerMessage, WorkerStart } from '../protocol.ts';
import { createSubscription, hasItem } from '../subscribe.ts';
import { nodeIdText } from '../values/node-id-text.ts';
import { refreshConditions } from './condition-refresh.ts';
import { eventFilter, readEvent, type ServerEvent } from './event-fields.ts';
import { EventLimit } from './event-limit.ts';
import type { EventMemory } from './event-memory.ts';
import { reportOf } from './event-report.ts';

export type EventWatchParts = {
  readonly server: WorkerStart['server'];
  /** The server's NamespaceArray in this session. */
  readonly namespaces: readonly string[];
  readonly gate: AckGate;
  readonly memory: EventMemory;
  readonly say: (message: WorkerMessage) => void;
};

const SERVER_OBJECT = 'i=2253';
/** Handle of its item; those of the notifiers follow. */
const SERVER_ITEM = 1;
const PUBLISHING_MS = 1000;
/** Events the server queues for us while the line is away. */
const QUEUE_SIZE = 1000;
const DEFAULT_PER_SECOND = 20;
const TYPE_NAME_MS = 3000;
const LOOK_EVERY_MS = 10_000;
/** A subscription that is silent for longer than this is not alive. */
const PATIENCE_MS = 12_000;

const refreshStart: number = ObjectTypeIds.RefreshStartEventType;
const refreshEnd: number = ObjectTypeIds.RefreshEndEventType;
const refreshRequired: number = ObjectTypeIds.RefreshRequiredEventType;
const queueOverflow: number = ObjectTypeIds.EventQueueOverflowEventType;

type ItemsSession = ClientSession & {
  createMonitoredItems(request: CreateMonitoredItemsRequest): Promise<CreateMonitoredItemsResponse>;
};

/**
 * Alarms and conditions, audit events and other events of a server, in a subscription of their own: the Server object and the
 * notifiers of the configuration. A server that offers none costs one refused request.
 */
export class EventWatch {
  readonly #session: ClientSession;
  readonly #parts: EventWatchParts;
  readonly #limit: EventLimit;
  readonly #floor: number;
  readonly #names = new Map<string, string>();
  #subscription: ClientSubscription | null = null;
  #someItem = 0;
  #heardAt = Date.now();
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;
  #hasConditions = true;

  private constructor(session: ClientSession, parts: EventWatchParts) {
    this.#session = session;
    this.#parts = parts;
    this.#limit = new EventLimit(parts.server.events?.perSecond ?? DEFAULT_PER_SECOND, Date.now());
    this.#floor = parts.server.events?.minimumSeverity ?? 1;
  }

  /**
   * Subscribes to the events of a server.
   * @returns null when the configuration does not want them or the server has none.
   */
  static async open(session: ClientSession, parts: EventWatchParts): Promise<EventWatch | null> {
    if (parts.server.events?.mode === 'off') return null;
    const watch = new EventWatch(session, parts);
    if (!(await watch.#subscribe())) return null;
    watch.#timer = setInterval(() => watch.#look(), LOOK_EVERY_MS);
    watch.#timer.unref();
    return watch;
  }

  /** The connection has been repaired: what the server forgot is made anew, and conditions are compared. */
  async resume(): Promise<void> {
    this.#heardAt = Date.now();
    const subscription = this.#subscription;
    if (subscription === null) return;
    if (await hasItem(this.#session, subscription, this.#someItem)) await this.#refresh();
    else if (!(await this.#fill(subscription))) await this.#renew();
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #subscribe(): Promise<boolean> {
    const subscription = await createSubscription(this.#session, PUBLISHING_MS);
    subscription.on('raw_notification', (notification) => this.#take(subscription, notification));
    subscription.on('keepalive', () => {
      this.#heardAt = Date.now();
    });
    // The tags of the session have watchdogs of their own; this one makes itself anew.
    subscription.on('internal_error', () => undefined);
    if (await this.#fill(subscription)) return true;
    subscription.terminate().catch(() => undefined);
    return false;
  }

  async #fill(subscription: ClientSubscription): Promise<boolean> {
    const { server, namespaces, say } = this.#parts;
    const wanted = [SERVER_OBJECT, ...(server.events?.notifiers ?? [])];
    const nodes = wanted.map((node) => resolveNodeAddress(parseNodeAddress(node), namespaces));
    const request = new CreateMonitoredItemsRequest({
      subscriptionId: subscription.subscriptionId,
      timestampsToReturn: TimestampsToReturn.Neither,
      itemsToCreate: nodes.map((nodeId, index) => ({
        itemToMonitor: { nodeId: nodeId ?? 'i=0', attributeId: AttributeIds.EventNotifier },
        monitoringMode: MonitoringMode.Reporting,
        requestedParameters: {
          clientHandle: SERVER_ITEM + index,
          samplingInterval: 0,
          queueSize: QUEUE_SIZE,
          discardOldest: true,
          filter: eventFilter(),
        },
      })),
    });
    const { results } = await (this.#session as ItemsSession).createMonitoredItems(request);
    const good = (results ?? []).find(({ statusCode }) => statusCode.isGood());
    (results ?? []).slice(1).forEach(({ statusCode }, index) => {
      const node = wanted[index + 1] ?? '';
      const where = `${server.name}/${node}`;
      if (statusCode.isGood()) return say({ kind: 'clear', code: 'NOTIFIER_UNKNOWN', where });
      say({
        kind: 'problem',
        problem: {
          code: 'NOTIFIER_UNKNOWN',
          severity: 'warning',
          where,
          message: `notifier ${node} of server "${server.name}" gives no events: ${statusCode.name}`,
          remedy: 'correct events.notifiers of this server in plant.yaml, or let the server raise events there',
        },
      });
    });
    if (good === undefined) return false;
    this.#someItem = good.monitoredItemId;
    this.#subscription = subscription;
    this.#heardAt = Date.now();
    await this.#refresh();
    return true;
  }

  async #refresh(): Promise<void> {
    const subscription = this.#subscription;
    if (subscription === null || !this.#hasConditions) return;
    this.#hasConditions = await refreshConditions(this.#session, subscription.subscriptionId);
  }

  async #renew(): Promise<void> {
    this.#subscription?.terminate().catch(() => undefined);
    this.#subscription = null;
    await this.#subscribe();
  }

  #take(subscription: ClientSubscription, { sequenceNumber, notificationData }: NotificationMessage): void {
    this.#heardAt = Date.now();
    for (const data of notificationData ?? []) {
      if (!(data instanceof EventNotificationList)) continue;
      for (const { eventFields, clientHandle } of data.events ?? []) this.#receive(eventFields ?? [], clientHandle);
      // Taken here; the library's own walk over its items would find none of them.
      data.events = [];
    }
    this.#parts.gate.bind(subscription.subscriptionId, sequenceNumber, 0);
  }

  #receive(variants: readonly (Variant | null)[], item: number): void {
    const event = readEvent(variants, this.#parts.namespaces);
    const type = event.eventType?.namespace === 0 ? event.eventType.value : 0;
    const { memory } = this.#parts;
    if (type === refreshStart || type === refreshEnd) {
      // Every item gets these; only the Server object brings all conditions in between.
      if (item !== SERVER_ITEM) return;
      if (type === refreshStart) return memory.beginRefresh();
      for (const over of memory.endRefresh()) this.#then(() => this.#report(over, true));
      return;
    }
    if (type === refreshRequired) return this.#then(() => this.#refresh());
    if (type === queueOverflow) return this.#noteOverflow();
    // Before floor and limit: a refresh brings what they leave out too, and that is no reason to call it over.
    const verdict = memory.judge(event);
    if (!verdict.isNews || (event.severity < this.#floor && !verdict.wasTold)) return;
    if (!this.#limit.admits(Date.now())) return verdict.putBack();
    verdict.tell();
    this.#then(() => this.#report(event, false));
  }

  #then(step: () => void | Promise<void>): void {
    this.#work = this.#work.then(step).catch(() => undefined);
  }

  async #report(event: ServerEvent, ended: boolean): Promise<void> {
    if (this.#isStopped) return;
    const { server, say } = this.#parts;
    say({ kind: 'event', event: reportOf(server, event, await this.#nameOf(event.eventType), ended) });
  }

  #noteOverflow(): void {
    const { server, say } = this.#parts;
    say({
      kind: 'event',
      event: {
        kind: 'data-lost',
        severity: 'medium',
        message: `server "${server.name}" dropped events: its queue of ${QUEUE_SIZE} was full`,
        subject: server.endpoint,
      },
    });
  }

  async #nameOf(type: NodeId | null): Promise<string> {
    if (type === null) return '';
    if (type.namespace === 0 && type.identifierType === NodeIdType.NUMERIC) {
      const known = ObjectTypeIds[Number(type.value)];
      if (known !== undefined) return known;
    }
    const id = nodeIdText(type, this.#parts.namespaces);
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const name = await this.#readName(type).catch(() => null);
    if (this.#names.size < 1000) this.#names.set(id, name ?? id);
    return name ?? id;
  }

  async #readName(type: NodeId): Promise<string | null> {
    const timeout = new Promise<null>((resolve) => {
      setTimeout(() => resolve(null), TYPE_NAME_MS).unref();
    });
    const read = this.#session.read({ nodeId: type, attributeId: AttributeIds.BrowseName }).then(({ value }) => {
      const name: unknown = (value?.value as { readonly name?: unknown } | null)?.name;
      return typeof name === 'string' && name !== '' ? name : null;
    });
    return Promise.race([read, timeout]);
  }

  /** Says what was kept back, and makes a subscription anew that the server has forgotten. */
  #look(): void {
    const { server, say } = this.#parts;
    const suppressed = this.#limit.takeSuppressed();
    if (suppressed > 0) {
      say({
        kind: 'event',
        event: {
          kind: 'server-events-suppressed',
          severity: 'medium',
          message: `server "${server.name}" raises more events than are passed on: ${suppressed} were left out`,
          subject: server.endpoint,
          detail: { server: server.name, count: suppressed },
        },
      });
      this.#then(() => this.#refresh());
    }
    if (Date.now() - this.#heardAt <= PATIENCE_MS) return;
    this.#heardAt = Date.now();
    this.#then(() => this.#renew());
  }
}
