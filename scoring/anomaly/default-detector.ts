import { JoulegateError } from '../../broker/contract/error.ts';
import { AdaptiveMewma } from './adaptive-mewma.ts';
import type { Detector, Judgement, SensorPart } from './detector.ts';
import { DriftMewma } from './drift-mewma.ts';

/** A frozen baseline is believed for this many times its training. */
const FROZEN_LIFE = 4;
/** From this many training rows on the baseline must hold on their last part. */
const CHECKED_ROWS = 2000;
const CHECK_SHARE = 0.3;
const MOST_ABOVE = 0.2;

/**
 * What a machine is scored by unless something else is asked for: the frozen baseline where it holds, else the adaptive one,
 * which also serves while there is no training. Which of the two holds is seen from the training rows and the age alone.
 */
export class DefaultDetector implements Detector {
  readonly #frozen = new DriftMewma();
  readonly #adaptive = new AdaptiveMewma();
  #life = 0;
  #age = 0;

  /** Which baseline the next row is judged by. */
  get baseline(): 'frozen' | 'adaptive' {
    return this.#age < this.#life ? 'frozen' : 'adaptive';
  }

  fit(rows: readonly Float64Array[]): void {
    this.#age = 0;
    this.#life = baselineHolds(rows) ? FROZEN_LIFE * rows.length : 0;
    this.#frozen.fit(rows);
    if (this.#frozen.trainedRows === 0) this.#life = 0;
    this.#adaptive.fit(rows);
  }

  next(row: Float64Array): Judgement {
    const adaptive = this.#adaptive.next(row);
    const judged = this.baseline === 'frozen' ? this.#frozen.next(row) : adaptive;
    this.#age += 1;
    return judged;
  }

  explain(): readonly SensorPart[] {
    return this.#age <= this.#life ? this.#frozen.explain() : this.#adaptive.explain();
  }

  save(): unknown {
    return {
      kind: 'default',
      life: this.#life,
      age: this.#age,
      frozen: this.#frozen.save(),
      adaptive: this.#adaptive.save(),
    };
  }

  load(saved: unknown): void {
    const state = saved as { kind?: string; life?: number; age?: number; frozen?: unknown; adaptive?: unknown } | null;
    if (state?.kind !== 'default') {
      throw new JoulegateError('CONFIG_INVALID', 'model data is not of the default detector; train it anew');
    }
    this.#frozen.load(state.frozen);
    this.#adaptive.load(state.adaptive);
    this.#life = state.life ?? 0;
    this.#age = state.age ?? 0;
  }
}

/** Whether a baseline of the first part of the training rows still describes their last part. Few rows cannot be checked. */
function baselineHolds(rows: readonly Float64Array[]): boolean {
  if (rows.length < CHECKED_ROWS) return rows.length > 0;
  const cut = Math.floor(rows.length * (1 - CHECK_SHARE));
  const trial = new DriftMewma();
  trial.fit(rows.slice(0, cut));
  const held = rows.slice(cut);
  const above = held.filter((row) => trial.next(row).ratio > 1).length;
  return above <= held.length * MOST_ABOVE;
}

/** The detector of a machine with so many sensors; nothing else chooses between configurations. */
export function createDefaultDetector({ sensors }: { readonly sensors: number }): Detector {
  void sensors;
  return new DefaultDetector();
}
