import type { PlainDataSetMessage, Writer } from '../tags/message-builder.ts';

/** Turns messages of one writer into payloads of a wire format. */
export interface Encoder {
  /** One network message that holds these DataSetMessages. */
  encode(writer: Writer, messages: readonly PlainDataSetMessage[], messageId: string): string;
}
