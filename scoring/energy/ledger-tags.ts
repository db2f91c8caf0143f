import type { TagDescription } from '../../broker/contract/tag.ts';
import { CounterHistory } from './counter-history.ts';
import { createCounterState, float32Step, type CounterOptions, type CounterState } from './counter.ts';
import { energyFactorKwh, energyUnitNames, powerFactorKw, powerUnitNames } from './unit.ts';

export type CounterTag = {
  readonly kind: 'energy' | 'output' | 'scrap';
  readonly tag: TagDescription;
  /** kWh or equivalent pieces per unit of the counter. */
  readonly factor: number;
  readonly options: CounterOptions;
  readonly state: CounterState;
  readonly history: CounterHistory;
  /** Time of the newest increase, for a meter that stands still under power. */
  movedAt: number;
};

export type PowerTag = { readonly tag: TagDescription; readonly factor: number; lastKw: number; lastAt: number };

/** The tags of a machine that the ledger counts, by name, and those it had to refuse. */
export type LedgerTags = {
  readonly counters: ReadonlyMap<string, CounterTag>;
  readonly power: ReadonlyMap<string, PowerTag>;
  readonly states: ReadonlyMap<string, TagDescription>;
  readonly refused: readonly { readonly tag: TagDescription; readonly message: string; readonly remedy: string }[];
};

/** A glitch of a counter is forgiven for this long before it counts as a reset. */
const CONFIRM_MS = 1_800_000;
const HOUR = 3_600_000;

/** A counter that stands still under power for this long is reported. */
const STALLED_MS = 2 * HOUR;

/** ms a counter has stood still while power flows, when that is too long for the step it counts in; otherwise 0. */
export function stalledTime(
  counter: CounterTag,
  { to, value }: { readonly to: number; readonly value: number },
  { moved, kw }: { readonly moved: boolean; readonly kw: number },
): number {
  if (moved || Number.isNaN(counter.movedAt)) counter.movedAt = to;
  const still = to - counter.movedAt;
  const due = (kw * still) / HOUR;
  return still >= STALLED_MS && due > float32Step(value) * counter.factor ? still : 0;
}

/** Sorts tags by what the ledger does with them. Carriers other than electricity are not in kWh sums and stay out. */
export function sortTags(tags: readonly TagDescription[]): LedgerTags {
  const counters = new Map<string, CounterTag>();
  const power = new Map<string, PowerTag>();
  const states = new Map<string, TagDescription>();
  const refused: { tag: TagDescription; message: string; remedy: string }[] = [];
  const refuse = (tag: TagDescription, quantity: string, known: readonly string[]) =>
    refused.push({
      tag,
      message: `unit of ${tag.name} ${tag.unit === undefined ? 'is missing' : `"${tag.unit}" is no unit of ${quantity}`}; the tag is not counted`,
      remedy: `set the tag's unit in plant.yaml to one of ${known.join(', ')}`,
    });
  for (const tag of tags) {
    const electric = (tag.carrier ?? 'electricity') === 'electricity';
    if (tag.role === 'state') states.set(tag.name, tag);
    if (tag.role === 'energy-counter' && electric) {
      const factor = energyFactorKwh(tag.unit);
      if (factor === null) refuse(tag, 'energy', energyUnitNames);
      else counters.set(tag.name, counterTag('energy', tag, factor, ratedPerMs(tag, factor)));
    }
    if (tag.role === 'output-counter')
      counters.set(tag.name, counterTag('output', tag, tag.coefficient ?? 1, ratedPerMs(tag, 1)));
    if (tag.role === 'scrap-counter')
      counters.set(tag.name, counterTag('scrap', tag, tag.coefficient ?? 1, ratedPerMs(tag, 1)));
    if (tag.role === 'power' && electric) {
      const factor = powerFactorKw(tag.unit);
      if (factor === null) refuse(tag, 'power', powerUnitNames);
      else power.set(tag.name, { tag, factor, lastKw: Number.NaN, lastAt: Number.NaN });
    }
  }
  return { counters, power, states, refused };
}

/** Largest plausible increase per ms in the counter's own unit. */
function ratedPerMs(tag: TagDescription, factor: number): number | null {
  return tag.ratedMax === undefined ? null : tag.ratedMax / factor / HOUR;
}

function counterTag(
  kind: CounterTag['kind'],
  tag: TagDescription,
  factor: number,
  maxPerMs: number | null,
): CounterTag {
  return {
    kind,
    tag,
    factor,
    options: { modulus: tag.modulus ?? null, maxPerMs, jitter: 0, confirmMs: CONFIRM_MS },
    state: createCounterState(),
    history: new CounterHistory(),
    movedAt: Number.NaN,
  };
}
