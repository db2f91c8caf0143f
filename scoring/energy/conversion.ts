import { JoulegateError } from '../../broker/contract/error.ts';
import { exactSum, exactSumOfProducts } from './decimal.ts';

export type ConversionBasis = 'calorific' | 'equivalent';
export type FactorQuantity = 'kgce' | 'kgCO2';

/** One conversion factor; quantity per unit of the carrier. */
export type ConversionFactor = {
  readonly carrier: string;
  /** UCUM unit of the carrier the factor belongs to, e.g. kW.h, m3, kg, MJ. */
  readonly unit: string;
  readonly value: number;
  /** equivalent: only electricity has one beside its calorific value; other carriers use the calorific one on both. */
  readonly basis: ConversionBasis;
  /** Energy-carrying medium (耗能工质): counts only when it is bought. */
  readonly medium?: boolean;
  readonly source: string;
};

/** A versioned set of factors. Every result carries its id. */
export type FactorSet = {
  readonly id: string;
  readonly quantity: FactorQuantity;
  readonly source: string;
  readonly edition: string;
  readonly region: string;
  /** ISO dates, inclusive; null = open. */
  readonly validFrom: string;
  readonly validTo: string | null;
  readonly factors: readonly ConversionFactor[];
};

/** What was used of one carrier in one boundary and period. */
export type CarrierAmount = {
  readonly carrier: string;
  readonly unit: string;
  readonly amount: number;
  /** Media made on site are already in the energy that made them. Default: bought. */
  readonly madeOnSite?: boolean;
};

export type Conversion = {
  readonly total: number;
  readonly quantity: FactorQuantity;
  readonly basis: ConversionBasis;
  readonly factorSet: string;
  readonly rows: readonly {
    readonly carrier: string;
    readonly amount: number;
    readonly unit: string;
    readonly factor: number;
    readonly value: number;
    readonly source: string;
    /** Why the row is 0 although something was used; null otherwise. */
    readonly note: string | null;
  }[];
};

/**
 * F1 and F16: Σ amount · factor in decimal arithmetic, on one basis. Both bases are two calls and two columns, never mixed.
 * @throws JoulegateError UNIT_UNKNOWN when the set has no factor for a carrier in this unit; nothing is guessed.
 */
export function convert(
  amounts: readonly CarrierAmount[],
  set: FactorSet,
  basis: ConversionBasis = 'calorific',
): Conversion {
  const rows = amounts.map(({ carrier, unit, amount, madeOnSite = false }) => {
    const factor = factorOf(set, { carrier, unit, basis });
    const counted = !(factor.medium === true && madeOnSite);
    return {
      carrier,
      amount,
      unit,
      factor: factor.value,
      value: counted ? exactSumOfProducts([[amount, factor.value]]) : 0,
      source: factor.source,
      note: counted ? null : 'made on site: its energy is counted where it was made',
    };
  });
  return { total: exactSum(rows.map(({ value }) => value)), quantity: set.quantity, basis, factorSet: set.id, rows };
}

function factorOf(
  set: FactorSet,
  { carrier, unit, basis }: { readonly carrier: string; readonly unit: string; readonly basis: ConversionBasis },
): ConversionFactor {
  const ofCarrier = set.factors.filter((factor) => factor.carrier === carrier);
  const inUnit = ofCarrier.filter((factor) => factor.unit === unit);
  const exact = inUnit.find((factor) => factor.basis === basis);
  // Only electricity differs between the bases; silently falling back there would report calorific as equivalent.
  const found =
    exact ?? (carrier === 'electricity' ? undefined : inUnit.find((factor) => factor.basis === 'calorific'));
  if (found !== undefined) return found;
  const known = ofCarrier.map((factor) => `${factor.unit} (${factor.basis})`).join(', ');
  throw new JoulegateError(
    'UNIT_UNKNOWN',
    `factor set ${set.id} has no ${basis} factor for ${carrier} in ${unit}; ${known === '' ? 'it does not know this carrier' : `it has ${known}`}; add one with its source`,
  );
}

/**
 * Why a set cannot be used, in words with place and remedy; empty when it can. A factor without a source is refused, so are
 * a repeated factor, a value that is not greater than 0 and a validity that ends before it begins.
 */
export function factorSetProblems(set: FactorSet): string[] {
  const problems: string[] = [];
  for (const key of ['source', 'edition', 'region', 'validFrom'] as const) {
    if (set[key].trim() === '') problems.push(`factor set ${set.id}: ${key} is empty; say where the factors come from`);
  }
  if (set.validTo !== null && set.validTo < set.validFrom)
    problems.push(`factor set ${set.id}: validTo ${set.validTo} is before validFrom ${set.validFrom}`);
  const seen = new Set<string>();
  set.factors.forEach((factor, index) => {
    const place = `factor set ${set.id}: factors[${index}] (${factor.carrier})`;
    if (factor.source.trim() === '') problems.push(`${place} has no source; name the table, bill or decree`);
    const free = set.quantity === 'kgCO2' && factor.value === 0;
    if (!Number.isFinite(factor.value) || (!(factor.value > 0) && !free))
      problems.push(`${place}: value ${factor.value} is not greater than 0`);
    const key = `${factor.carrier}|${factor.unit}|${factor.basis}`;
    if (seen.has(key))
      problems.push(`${place} repeats ${factor.carrier} per ${factor.unit} (${factor.basis}); keep one`);
    seen.add(key);
  });
  return problems;
}

/** Gaps and overlaps in the validity of the editions of one series (same quantity and region), in words. */
export function validityProblems(sets: readonly FactorSet[]): string[] {
  const ordered = [...sets].sort((a, b) => (a.validFrom < b.validFrom ? -1 : 1));
  return ordered.slice(1).flatMap((set, index) => {
    const before = ordered[index];
    if (before === undefined) return [];
    const ends = before.validTo;
    if (ends === null || ends >= set.validFrom)
      return [`factor sets ${before.id} and ${set.id} are both valid on ${set.validFrom}; end the older one before`];
    return nextDay(ends) === set.validFrom
      ? []
      : [`no factor set is valid from ${nextDay(ends)} until ${set.validFrom} (between ${before.id} and ${set.id})`];
  });
}

/** The set of a series that is valid on an ISO date; null when none is. */
export function factorSetOn(sets: readonly FactorSet[], day: string): FactorSet | null {
  return sets.find((set) => set.validFrom <= day && (set.validTo === null || day <= set.validTo)) ?? null;
}

/** The ISO date after an ISO date. */
export function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

export type DatedAmounts = { readonly day: string; readonly amounts: readonly CarrierAmount[] };

/** Energy of many days on the set of each day, and restated on one set, side by side. */
export type DatedConversion = {
  readonly own: number;
  readonly ownSets: readonly string[];
  readonly restated: number;
  readonly restatedSet: string;
};

/**
 * Converts each day by the edition that is valid on it, and all days by `restateOn`, so that years can be compared.
 * @throws JoulegateError UNIT_UNKNOWN naming the first day that no set is valid on, or a carrier without factor.
 */
export function convertDays(
  days: readonly DatedAmounts[],
  sets: readonly FactorSet[],
  { restateOn, basis = 'calorific' }: { readonly restateOn: FactorSet; readonly basis?: ConversionBasis },
): DatedConversion {
  const own = days.map(({ day, amounts }) => {
    const set = factorSetOn(sets, day);
    if (set === null)
      throw new JoulegateError('UNIT_UNKNOWN', `no factor set is valid on ${day}; add the edition of that day`);
    return convert(amounts, set, basis);
  });
  return {
    own: exactSum(own.map(({ total }) => total)),
    ownSets: [...new Set(own.map(({ factorSet }) => factorSet))],
    restated: exactSum(days.map(({ amounts }) => convert(amounts, restateOn, basis).total)),
    restatedSet: restateOn.id,
  };
}
