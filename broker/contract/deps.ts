/** Structured logger as pino offers it: object first, fixed sentence second. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(bindings: object): Logger;
}

/** What every service is handed by whoever composes it; nothing below reads clocks, environment or global loggers itself. */
export type ServiceDeps = {
  readonly log: Logger;
  /** Epoch ms. */
  readonly now: () => number;
  /** Folder this service may write to; exists and is private to the user. */
  readonly dataDir: string;
  readonly version: string;
};
