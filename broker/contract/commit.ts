import { Type, type Static } from 'typebox';

/**
 * Retained on `joulegate/commit/<publisher>/<consumer>`: per DataSetWriter id the last sequence number up to which
 * the consumer's store holds everything. Commits only move forward; a gateway ignores one beyond what it has sent.
 */
export const Commit = Type.Object({
  consumer: Type.String(),
  at: Type.Integer(),
  writers: Type.Record(Type.String({ pattern: '^[0-9]+$' }), Type.Integer({ minimum: 0 })),
});
export type Commit = Static<typeof Commit>;

/**
 * Not retained, on `joulegate/resend/<publisher>/<consumer>`: the consumer has everything up to these numbers and
 * wants what follows once more. A writer that is not named is sent from the oldest record on.
 */
export const ResendRequest = Type.Object({
  consumer: Type.String(),
  at: Type.Integer(),
  writers: Type.Record(Type.String({ pattern: '^[0-9]+$' }), Type.Integer({ minimum: 0 })),
});
export type ResendRequest = Static<typeof ResendRequest>;
