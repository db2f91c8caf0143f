import type { ClientSession } from 'node-opcua';

type Engine = { acknowledge_notification(subscriptionId: number, sequenceNumber: number): void };
type Held = { readonly subscriptionId: number; readonly sequenceNumber: number; batch: number };

/**
 * Holds back the acknowledgements of notifications until their values are on disk, so that a server may not forget what a
 * power cut could still take from us. The library would acknowledge each with its next publish request.
 */
export class AckGate {
  readonly #acknowledge: Engine['acknowledge_notification'];
  readonly #held: Held[] = [];

  constructor(session: ClientSession) {
    const engine = (session as ClientSession & { getPublishEngine(): Engine }).getPublishEngine();
    this.#acknowledge = engine.acknowledge_notification.bind(engine);
    engine.acknowledge_notification = (subscriptionId, sequenceNumber): void => {
      this.#held.push({ subscriptionId, sequenceNumber, batch: 0 });
    };
  }

  /** The values of this notification travel in that batch; 0 when there are none to keep. */
  bind(subscriptionId: number, sequenceNumber: number, batch: number): void {
    const isMeant = (held: Held): boolean =>
      held.batch === 0 && held.sequenceNumber === sequenceNumber && held.subscriptionId === subscriptionId;
    if (batch === 0) return this.#release(isMeant);
    for (const held of this.#held) if (isMeant(held)) held.batch = batch;
  }

  /** Every batch up to this number is on disk. */
  durable(batch: number): void {
    this.#release((held) => held.batch > 0 && held.batch <= batch);
  }

  #release(isDue: (held: Held) => boolean): void {
    for (let index = 0; index < this.#held.length;) {
      const held = this.#held[index];
      if (held === undefined || !isDue(held)) {
        index += 1;
        continue;
      }
      this.#held.splice(index, 1);
      this.#acknowledge(held.subscriptionId, held.sequenceNumber);
    }
  }
}
