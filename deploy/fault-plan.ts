import { readFile } from 'node:fs/promises';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import { defaultFaultPlan, faultKinds, type Fault } from '../seeds/simulator/model/fault.ts';

/** `default`, `none` or the path of a JSON file with a list of faults. */
export type FaultChoice = string;

/** The default plan for what comes is spread over this time. */
const LIVE_MS = 12 * 3_600_000;

const named = (faults: readonly Fault[], prefix: string): Fault[] =>
  faults.map((fault) => ({ ...fault, id: `${prefix}-${fault.id}` }));

/**
 * The faults of a demo plant. What lies before `now` stays as it was (`before`), or it would be another plant;
 * a new plant with history gets the default plan over the last third of it, and every plant one from now on.
 */
export async function liveFaults(options: {
  readonly choice: FaultChoice;
  /** Plan of the last start, null for a new plant. */
  readonly before: readonly Fault[] | null;
  readonly startAt: number;
  readonly hasHistory: boolean;
  readonly now: number;
}): Promise<readonly Fault[]> {
  const { choice, before, startAt, hasHistory, now } = options;
  const begun = (before ?? []).filter(({ from }) => from < now);
  if (choice === 'none') return begun;
  if (choice !== 'default') {
    const given = (await readFaultFile(choice)) ?? [];
    return before === null ? given : [...begun, ...given.filter(({ from }) => from >= now)];
  }
  const ahead = (before ?? []).filter(({ from }) => from >= now);
  if (ahead.length > 0) return [...begun, ...ahead];
  const past =
    before === null && hasHistory
      ? named(defaultFaultPlan({ from: now - (now - startAt) / 3, to: now }), 'history')
      : begun;
  const prefix = `live-${new Date(now).toISOString().slice(0, 19)}`;
  return [...past, ...named(defaultFaultPlan({ from: now, to: now + LIVE_MS }), prefix)];
}

/** The faults of a file, or null when there is none. @throws JoulegateError CONFIG_INVALID. */
export async function readFaultFile(file: string): Promise<readonly Fault[] | null> {
  let faults: unknown;
  try {
    faults = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `fault plan ${file} cannot be read (${describeError(error)}); it is a JSON list of faults`,
      {
        cause: error,
      },
    );
  }
  if (!Array.isArray(faults)) throw new JoulegateError('CONFIG_INVALID', `fault plan ${file} is no JSON list`);
  for (const [index, fault] of faults.entries()) {
    const { id, kind, path, from, to, severity } = (fault ?? {}) as Partial<Record<keyof Fault, unknown>>;
    const complete =
      typeof id === 'string' && typeof path === 'string' && [from, to, severity].every((item) => Number.isFinite(item));
    if (!complete || !faultKinds.some((known) => known === kind)) {
      throw new JoulegateError(
        'CONFIG_INVALID',
        `fault plan ${file}, item ${index}: needs id, kind (${faultKinds.join(', ')}), path, from and to (epoch ms) and severity`,
      );
    }
  }
  return faults as Fault[];
}
