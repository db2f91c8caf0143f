import { covers } from '../access/permissions.ts';

export type RetainedMessage = { readonly topic: string; readonly qos: 0 | 1 | 2; readonly payload: Buffer };

/** The retained messages, bounded by number and bytes; topics of the broker itself ($SYS) do not count. */
export class RetainedMessages {
  readonly #byTopic = new Map<string, RetainedMessage>();
  readonly #limits: { readonly maxRetainedMessages: number; readonly maxRetainedBytes: number };
  #bytes = 0;
  #count = 0;

  constructor(limits: { readonly maxRetainedMessages: number; readonly maxRetainedBytes: number }) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether one more fits in place of the one that stands there. */
  hasRoomFor(topic: string, payload: Buffer): boolean {
    if (payload.length === 0) return true;
    const before = this.#byTopic.get(topic);
    return (
      this.#count + (before === undefined ? 1 : 0) <= this.#limits.maxRetainedMessages &&
      this.#bytes + payload.length + topic.length - sizeOf(before) <= this.#limits.maxRetainedBytes
    );
  }

  /** An empty payload removes. [MQTT-3.3.1-10] */
  set(message: RetainedMessage): void {
    const { topic, payload } = message;
    const before = this.#byTopic.get(topic);
    const counts = !topic.startsWith('$SYS/');
    if (counts) {
      this.#count += (payload.length > 0 ? 1 : 0) - (before === undefined ? 0 : 1);
      this.#bytes += (payload.length > 0 ? sizeOf(message) : 0) - sizeOf(before);
    }
    if (payload.length === 0) this.#byTopic.delete(topic);
    else this.#byTopic.set(topic, { ...message, payload: Buffer.from(payload) });
  }

  *matching(filter: string): Generator<RetainedMessage> {
    if (!/[+#]/.test(filter)) {
      const exact = this.#byTopic.get(filter);
      if (exact !== undefined) yield exact;
      return;
    }
    for (const message of this.#byTopic.values()) if (covers(filter, message.topic)) yield message;
  }
}

function sizeOf(message: RetainedMessage | undefined): number {
  return message === undefined ? 0 : message.topic.length + message.payload.length;
}
