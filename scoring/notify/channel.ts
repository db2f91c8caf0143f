import type { Message } from './message.ts';

/** A way to somebody. */
export interface Channel {
  /** Name for logs and health: never an address with a key in it. */
  readonly name: string;
  /**
   * Resolves once the other side has accepted the message.
   * @throws JoulegateError NOTIFICATION_FAILED (worth trying again) or NOTIFICATION_REFUSED, without any secret in its text.
   */
  send(message: Message, signal: AbortSignal): Promise<void>;
}
