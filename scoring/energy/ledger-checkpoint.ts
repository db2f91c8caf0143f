import type { MachineState } from '../../broker/contract/tag.ts';
import type { CounterState } from './counter.ts';
import type { LedgerTags } from './ledger-tags.ts';

/** State of a ledger as kept in a checkpoint. */
export type LedgerCheckpoint = {
  readonly clock: number;
  readonly expectedUntil: number;
  readonly changes: readonly (readonly [number, MachineState])[];
  readonly counters: Readonly<Record<string, CounterState>>;
  readonly power: Readonly<Record<string, readonly [number, number]>>;
};

/** What the tags of a machine remember. */
export function checkpointTags({ counters, power }: LedgerTags): Pick<LedgerCheckpoint, 'counters' | 'power'> {
  return {
    counters: Object.fromEntries([...counters].map(([name, counter]) => [name, counter.state])),
    power: Object.fromEntries([...power].map(([name, tag]) => [name, [tag.lastKw, tag.lastAt] as const])),
  };
}

/** Puts it back; JSON has no NaN, so what was never set comes back as null. Tags that are gone are left out. */
export function restoreTags(tags: LedgerTags, checkpoint: LedgerCheckpoint): void {
  for (const [name, state] of Object.entries(checkpoint.counters)) {
    const counter = tags.counters.get(name);
    if (counter === undefined) continue;
    counter.state.lastValue = state.lastValue ?? Number.NaN;
    counter.state.lastAt = state.lastAt ?? Number.NaN;
    counter.state.pending = state.pending;
    counter.state.resetAt = state.resetAt ?? null;
  }
  for (const [name, [lastKw, lastAt]] of Object.entries(checkpoint.power)) {
    const power = tags.power.get(name);
    if (power === undefined) continue;
    power.lastKw = lastKw ?? Number.NaN;
    power.lastAt = lastAt ?? Number.NaN;
  }
}
