/** How large one value may be before it is refused instead of passed on. */
export type ValueLimits = {
  /** Bytes of a ByteString and characters of a text. */
  readonly maxTextLength: number;
  /** Scalars of one value, counted through all its arrays and structures. */
  readonly maxElements: number;
  /** Characters of all texts of one value together. */
  readonly maxTotalLength: number;
  /** Structures, arrays and variants within each other. */
  readonly maxDepth: number;
};

export const defaultLimits: ValueLimits = {
  maxTextLength: 256 * 1024,
  maxElements: 64 * 1024,
  maxTotalLength: 1024 * 1024,
  maxDepth: 32,
};

/** Why a value was refused; the key under which it is counted. */
export const refusalReasons = [
  'text-too-long',
  'too-many-elements',
  'value-too-large',
  'nested-too-deep',
  'body-malformed',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** BadEncodingLimitsExceeded and BadDecodingError of OPC 10000-4 7.39.2. */
const BAD_ENCODING_LIMITS_EXCEEDED = 0x80_08_00_00;
const BAD_DECODING_ERROR = 0x80_07_00_00;

/** What `decode` gives for a value it does not pass on: the status code the tag gets, and why. One object per reason. */
export class RefusedValue {
  readonly reason: RefusalReason;
  readonly statusCode: number;
  constructor(reason: RefusalReason) {
    this.reason = reason;
    this.statusCode = reason === 'body-malformed' ? BAD_DECODING_ERROR : BAD_ENCODING_LIMITS_EXCEEDED;
  }
}

export const refusals: Readonly<Record<RefusalReason, RefusedValue>> = {
  'text-too-long': new RefusedValue('text-too-long'),
  'too-many-elements': new RefusedValue('too-many-elements'),
  'value-too-large': new RefusedValue('value-too-large'),
  'nested-too-deep': new RefusedValue('nested-too-deep'),
  'body-malformed': new RefusedValue('body-malformed'),
};

/** Ends the decoding of one value from any depth; never leaves the decoder. */
export class ValueRefusedError extends Error {
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason) {
    super(reason);
    this.reason = reason;
  }
}

/** Counts what one value has used of its limits. */
export class Budget {
  readonly #limits: ValueLimits;
  #elements = 0;
  #length = 0;
  #depth = 0;

  constructor(limits: ValueLimits) {
    this.#limits = limits;
  }

  /** @throws ValueRefusedError beyond the limit of elements. */
  elements(count: number): void {
    this.#elements += count;
    if (this.#elements > this.#limits.maxElements) throw new ValueRefusedError('too-many-elements');
  }

  /** @throws ValueRefusedError for a text that is too long, alone or with those before it. */
  text(length: number): void {
    if (length > this.#limits.maxTextLength) throw new ValueRefusedError('text-too-long');
    this.#length += length;
    if (this.#length > this.#limits.maxTotalLength) throw new ValueRefusedError('value-too-large');
  }

  /** Runs `step` one level deeper. @throws ValueRefusedError beyond the limit of depth. */
  deeper<Result>(step: () => Result): Result {
    if (this.#depth >= this.#limits.maxDepth) throw new ValueRefusedError('nested-too-deep');
    this.#depth += 1;
    try {
      return step();
    } finally {
      this.#depth -= 1;
    }
  }
}
