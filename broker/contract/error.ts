/**
 * The failure surface of all services on one page. `retry`: whether the same call may succeed later
 * without a change by a person; `exitCode`: what the `joulegate` command ends with; `http`: the status of an API answer.
 */
export const errorCodes = {
  CONFIG_INVALID: { retry: false, exitCode: 2, http: 400 },
  CONFIG_UNREADABLE: { retry: false, exitCode: 2, http: 400 },
  USAGE: { retry: false, exitCode: 2, http: 400 },
  PORT_IN_USE: { retry: false, exitCode: 2, http: 500 },
  DATA_DIR_UNUSABLE: { retry: false, exitCode: 2, http: 500 },
  ENDPOINT_UNREACHABLE: { retry: true, exitCode: 1, http: 502 },
  ENDPOINT_REFUSED: { retry: false, exitCode: 1, http: 502 },
  CERTIFICATE_UNTRUSTED: { retry: false, exitCode: 1, http: 502 },
  BROKER_UNREACHABLE: { retry: true, exitCode: 1, http: 502 },
  BROKER_REFUSED: { retry: false, exitCode: 1, http: 502 },
  NODE_UNKNOWN: { retry: true, exitCode: 1, http: 502 },
  OUTBOX_FULL: { retry: true, exitCode: 1, http: 507 },
  PAYLOAD_INVALID: { retry: false, exitCode: 1, http: 400 },
  UNIT_UNKNOWN: { retry: false, exitCode: 2, http: 400 },
  STORE_FAILED: { retry: true, exitCode: 1, http: 500 },
  STORE_REFUSED: { retry: false, exitCode: 1, http: 502 },
  MODEL_FAILED: { retry: false, exitCode: 1, http: 500 },
  SEED_INVALID: { retry: false, exitCode: 2, http: 500 },
  NOT_FOUND: { retry: false, exitCode: 1, http: 404 },
  CONFLICT: { retry: false, exitCode: 1, http: 409 },
  QUERY_INVALID: { retry: false, exitCode: 2, http: 400 },
  SIGN_IN_REQUIRED: { retry: false, exitCode: 1, http: 401 },
  TOO_MANY_REQUESTS: { retry: true, exitCode: 1, http: 429 },
  NOTIFICATION_FAILED: { retry: true, exitCode: 1, http: 502 },
  NOTIFICATION_REFUSED: { retry: false, exitCode: 1, http: 502 },
  SERVICE_STOPPED: { retry: true, exitCode: 1, http: 503 },
  INTERNAL: { retry: false, exitCode: 1, http: 500 },
} as const satisfies Record<string, { readonly retry: boolean; readonly exitCode: 1 | 2; readonly http: number }>;

export type ErrorCode = keyof typeof errorCodes;

/**
 * What failed, where and what to do, with a stable `code`.
 * Never branch on the message; it is for people and names the place (file, line, key, node id) and the remedy.
 */
export class JoulegateError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JoulegateError';
    this.code = code;
  }
}

/** The text of anything that was thrown, for a log field or a problem's message. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
