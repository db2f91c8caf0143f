/** One product (or sector, or machine) in two periods. */
export type LmdiPart = {
  readonly name: string;
  readonly energyBase: number;
  readonly energyNow: number;
  readonly outputBase: number;
  readonly outputNow: number;
};

export type LmdiResult = {
  /** Energy now − energy base; activity + structure + intensity adds up to it exactly, and each of them over the parts too. */
  readonly total: number;
  readonly activity: number;
  readonly structure: number;
  readonly intensity: number;
  /** Energy now / energy base = activity · structure · intensity; null without energy on one side. */
  readonly ratio: {
    readonly total: number;
    readonly activity: number;
    readonly structure: number;
    readonly intensity: number;
  } | null;
  readonly parts: readonly {
    readonly name: string;
    readonly weight: number;
    readonly activity: number;
    readonly structure: number;
    readonly intensity: number;
  }[];
};

/** Logarithmic mean; L(a, a) = a and L(a, 0) = 0. */
export function logarithmicMean(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  const ratio = a / b - 1;
  // ln(1+r)/r has no digits left near 0; its series has.
  if (Math.abs(ratio) < 1e-5) return b * (1 + ratio / 2 - (ratio * ratio) / 12);
  return (a - b) / Math.log(a / b);
}

/**
 * LMDI-I of an energy change into activity (more output), structure (other mix) and intensity (energy per output),
 * additive and multiplicative (Ang 2005). Zeros take their analytic limits (Wood & Lenzen 2006): a part that is born
 * or ends is structure; energy that appears or vanishes at unchanged output is intensity. The effects add up to the change
 * bit by bit, in any order, of every part and over the parts: they are rounded at the 13th digit or beyond, and structure
 * takes what is left.
 * @returns null when there is no output in one of the periods, or a negative or non-finite number.
 */
export function decompose(parts: readonly LmdiPart[]): LmdiResult | null {
  const sane = parts.every((part) =>
    [part.energyBase, part.energyNow, part.outputBase, part.outputNow].every((x) => Number.isFinite(x) && x >= 0),
  );
  const outputBase = sum(parts.map((part) => part.outputBase));
  const outputNow = sum(parts.map((part) => part.outputNow));
  if (!sane || !(outputBase > 0) || !(outputNow > 0)) return null;
  const growth = Math.log(outputNow / outputBase);
  const energyBase = sum(parts.map((part) => part.energyBase));
  const energyNow = sum(parts.map((part) => part.energyNow));
  const rough = parts.map((part) => effectsOf(part, { growth, outputBase, outputNow }));
  const grid = gridOf(energyNow, energyBase, ...rough.flatMap((row) => [row.activity, row.intensity]));
  const rows = rough.map((row) => onGrid(row, grid));
  const activity = sum(rows.map((row) => row.activity));
  const intensity = sum(rows.map((row) => row.intensity));
  const structure = sum(rows.map((row) => row.structure));
  const total = activity + structure + intensity;
  const weight = logarithmicMean(energyNow, energyBase);
  return {
    total,
    activity,
    structure,
    intensity,
    ratio:
      energyBase > 0 && energyNow > 0
        ? {
            total: energyNow / energyBase,
            activity: Math.exp(activity / weight),
            structure: Math.exp(structure / weight),
            intensity: Math.exp(intensity / weight),
          }
        : null,
    parts: rows,
  };
}

type Totals = { readonly growth: number; readonly outputBase: number; readonly outputNow: number };

function effectsOf(part: LmdiPart, { growth, outputBase, outputNow }: Totals): LmdiResult['parts'][number] {
  const { name, energyBase, energyNow } = part;
  const change = energyNow - energyBase;
  const weight = logarithmicMean(energyNow, energyBase);
  const row = { name, weight, activity: 0, structure: 0, intensity: 0 };
  if (part.outputBase === 0 || part.outputNow === 0) {
    // Without output on either side there is no structure that could have changed.
    const idle = part.outputBase === 0 && part.outputNow === 0;
    return idle ? { ...row, intensity: change } : { ...row, structure: change };
  }
  if (weight === 0) return { ...row, intensity: change };
  const activity = weight * growth;
  const structure = weight * Math.log((part.outputNow * outputBase) / (part.outputBase * outputNow));
  return { name, weight, activity, structure, intensity: change - activity - structure };
}

function onGrid(row: LmdiResult['parts'][number], grid: number): LmdiResult['parts'][number] {
  const round = (value: number): number => Math.round(value / grid) * grid;
  const [activity, intensity] = [round(row.activity), round(row.intensity)];
  return {
    ...row,
    activity,
    intensity,
    structure: round(row.activity + row.structure + row.intensity) - activity - intensity,
  };
}

/** Step of a binary grid 2⁻⁴⁴ below the largest of these sizes: sums of numbers on it are exact, in any order. */
function gridOf(...sizes: readonly number[]): number {
  return 2 ** (Math.floor(Math.log2(Math.max(...sizes.map(Math.abs), 1e-200))) - 44);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
