import { Type } from 'typebox';
import { JoulegateError } from './error.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration in a configuration file: a number with a unit, e.g. 500ms, 2s, 15m, 1h, 30d. */
export const Duration = (options: { default?: string; description: string }) =>
  Type.String({ pattern: String.raw`^\d+(\.\d+)?(ms|s|m|h|d)$`, ...options });

/** Milliseconds of a duration text. @throws JoulegateError CONFIG_INVALID when it is none. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const unit = match?.[2] === undefined ? undefined : UNIT_MS[match[2]];
  if (match === null || unit === undefined) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `"${text}" is not a duration; write a number and one of ms, s, m, h, d, e.g. 500ms`,
    );
  }
  return Number(match[1]) * unit;
}
