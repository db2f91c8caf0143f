import { JoulegateError } from '../../broker/contract/error.ts';
import { AdaptiveMewma } from './adaptive-mewma.ts';
import { calibrateRatio, type Detector, type Judgement, type SensorPart } from './detector.ts';
import { DriftMewma } from './drift-mewma.ts';
import { DynamicMewma } from './dynamic-mewma.ts';
import { Ensemble } from './ensemble.ts';
import { GuardedDetector } from './guarded-detector.ts';
import { heldOutRatios } from './held-out.ts';
import { LeftDiscord } from './left-discord.ts';
import { Mspc } from './mspc.ts';
import { episodeLevel } from './spot.ts';
import { quantile } from './tail.ts';

/** From this many training rows on a frozen baseline is checked on rows it was not trained on. */
const CHECKED_ROWS = 2000;
/** Share of held-out rows that may lie above the limit; if more do, the limit is raised until it is so. */
const HELD_OUT_ABOVE = 0.05;
/** A frozen baseline is believed for this many times its training, and not while more than this share of late rows is above. */
const FROZEN_LIFE = 4;
const SHARE_ROWS = 1000;
const LOST_FROM = 0.2;
const LOST_AT = 0.4;

type Saved = {
  readonly kind: 'default';
  readonly checked: boolean;
  readonly trained: number;
  readonly age: number;
  readonly share: number;
  readonly raise: number;
  readonly frozen: unknown;
  readonly adaptive: unknown;
};

/**
 * What a machine is scored by unless something else is asked for: baselines frozen at the training while they hold, else one
 * that adapts, which also serves while there is no training. Which of the two holds is seen from the rows alone: from
 * held-out training rows, the age of the training and the share of late rows above the limit.
 */
export class DefaultDetector implements Detector {
  #frozen: Detector = new DriftMewma();
  readonly #adaptive: AdaptiveMewma;
  readonly #risk: number | null;
  #checked = false;
  #trained = 0;
  #age = 0;
  #share = 0;
  #raise = 1;
  #leading: Detector;

  /** `risk`: stated share of healthy rows that may start an alarm (`riskOf`); null takes the conventions of the literature. */
  constructor(risk: number | null = null) {
    this.#risk = risk;
    this.#adaptive = new AdaptiveMewma(risk);
    this.#leading = this.#adaptive;
  }

  /** Rows the frozen baselines were learnt from; 0 when they were too few. */
  get trainedRows(): number {
    return this.#trained;
  }

  /** Which baseline says more about the next row. */
  get baseline(): 'frozen' | 'adaptive' {
    return this.#frozenWeight() >= 0.5 ? 'frozen' : 'adaptive';
  }

  fit(rows: readonly Float64Array[]): void {
    this.#age = 0;
    this.#share = 0;
    this.#raise = 1;
    this.#checked = rows.length >= CHECKED_ROWS;
    this.#frozen = createFrozen(this.#checked);
    this.#frozen.fit(rows);
    this.#trained = isTrained(this.#frozen) ? rows.length : 0;
    if (this.#checked && this.#trained > 0) {
      this.#raise = this.#raiseBy(heldOutRatios(() => createFrozen(true), rows));
    }
    this.#adaptive.fit(rows);
  }

  next(row: Float64Array): Judgement {
    const adaptive = this.#adaptive.next(row);
    const weight = this.#frozenWeight();
    if (this.#trained > 0) this.#age += 1;
    if (this.#trained === 0) return this.#lead(this.#adaptive, adaptive);
    const plain = this.#frozen.next(row);
    if (plain.degraded === 'training-short') return this.#lead(this.#adaptive, adaptive);
    const ratio = plain.ratio / this.#raise;
    if (plain.degraded === undefined) this.#share += (Number(ratio > 1) - this.#share) / SHARE_ROWS;
    const frozen = { ...plain, ratio, score: calibrateRatio(ratio) };
    if (weight === 1 || adaptive.degraded === 'warm-up') return this.#lead(this.#frozen, frozen);
    if (weight === 0) return this.#lead(this.#adaptive, adaptive);
    const joined = Math.max(ratio, 1e-6) ** weight * Math.max(adaptive.ratio, 1e-6) ** (1 - weight);
    return this.#lead(weight > 0.5 ? this.#frozen : this.#adaptive, {
      ...adaptive,
      ratio: joined,
      score: calibrateRatio(joined),
    });
  }

  explain(): readonly SensorPart[] {
    return this.#leading.explain();
  }

  save(): unknown {
    const saved: Saved = {
      kind: 'default',
      checked: this.#checked,
      trained: this.#trained,
      age: this.#age,
      share: this.#share,
      raise: this.#raise,
      frozen: this.#trained > 0 ? this.#frozen.save() : null,
      adaptive: this.#adaptive.save(),
    };
    return saved;
  }

  load(saved: unknown): void {
    const state = saved as Partial<Saved> | null;
    if (state?.kind !== 'default') {
      throw new JoulegateError('CONFIG_INVALID', 'model data is not of the default detector; train it anew');
    }
    this.#checked = state.checked ?? false;
    this.#frozen = createFrozen(this.#checked);
    this.#trained = state.trained ?? 0;
    if (this.#trained > 0) this.#frozen.load(state.frozen);
    this.#adaptive.load(state.adaptive);
    this.#age = state.age ?? 0;
    this.#share = state.share ?? 0;
    this.#raise = state.raise ?? 1;
  }

  #raiseBy(heldOut: readonly number[]): number {
    if (heldOut.length === 0) return 1;
    if (this.#risk !== null) return Math.max(1e-3, episodeLevel(heldOut, this.#risk));
    return Math.max(
      1,
      quantile(
        [...heldOut].sort((a, b) => a - b),
        1 - HELD_OUT_ABOVE,
      ),
    );
  }

  #lead(detector: Detector, judgement: Judgement): Judgement {
    this.#leading = detector;
    return judgement;
  }

  /** 1: only the frozen baselines count, 0: only the adaptive one. */
  #frozenWeight(): number {
    if (this.#trained === 0 || this.#age >= FROZEN_LIFE * this.#trained) return 0;
    if (!this.#checked) return 1;
    return Math.max(0, Math.min(1, (LOST_AT - this.#share) / (LOST_AT - LOST_FROM)));
  }
}

/** A short training gives one chart; a longer one also the principal components and what follows from what. */
function createFrozen(long: boolean): Detector {
  if (!long) return new DriftMewma();
  const still = new Ensemble(
    [
      { name: 'mewma', detector: new DriftMewma() },
      { name: 'mspc', detector: new Mspc() },
    ],
    'mean',
  );
  return new Ensemble(
    [
      { name: 'still', detector: still },
      { name: 'dynamic', detector: new DynamicMewma() },
    ],
    'any',
  );
}

/** The ensemble says row by row when none of its members could be trained. */
function isTrained(detector: Detector): boolean {
  return !(detector instanceof DriftMewma) || detector.trainedRows > 0;
}

/**
 * The detector of a machine with so many sensors; nothing else chooses between configurations. One sensor alone says nothing
 * by its correlations, so its shape is looked at as well.
 */
export function createDefaultDetector({
  sensors,
  risk = null,
}: {
  readonly sensors: number;
  /** Share of healthy rows that may start an alarm, from an operator's budget by `riskOf`. */
  readonly risk?: number | null;
}): Detector {
  const level = new DefaultDetector(risk);
  const isTrained = (): boolean => level.trainedRows > 0;
  if (sensors > 1) return new GuardedDetector(level, isTrained);
  const both = new Ensemble(
    [
      { name: 'level', detector: level },
      { name: 'shape', detector: new LeftDiscord() },
    ],
    'any',
  );
  return new GuardedDetector(both, isTrained);
}
