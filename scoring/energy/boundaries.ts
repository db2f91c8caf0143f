/** Where the energy of lines and areas comes from when it is not the sum of what lies below. */
export type Boundaries = {
  /** Path of an object → path of the equipment that is its main meter. What lies below breaks it down and leaves a residual. */
  readonly mainMeters: ReadonlyMap<string, string>;
  /** Paths that are no part of what is above them. */
  readonly independent: ReadonlySet<string>;
};

/** Every object is the sum of what lies below. */
export const NO_BOUNDARIES: Boundaries = { mainMeters: new Map(), independent: new Set() };

/**
 * The objects whose energy a machine's energy is part of, from the nearest upward; '' is the site. A main meter counts for its object and
 * upward, what it measures already does not; nothing goes beyond an independent object.
 * @param ancestors objects above the machine, nearest first
 */
export function energyChain(
  equipment: string,
  ancestors: readonly string[],
  { mainMeters, independent }: Boundaries,
): string[] {
  if (independent.has(equipment)) return [];
  const measured = [...mainMeters].find(([, meter]) => meter === equipment)?.[0];
  const chain: string[] = [];
  // A main meter may lie anywhere below its object; what is between the two is not measured by it.
  let counts = measured === undefined;
  for (const ancestor of ancestors) {
    if (ancestor === measured) counts = true;
    else if (counts && mainMeters.has(ancestor)) break;
    if (counts) chain.push(ancestor);
    if (independent.has(ancestor)) break;
  }
  return chain;
}

/** Boundaries as plant.yaml has them. */
export const boundariesOf = (section?: {
  readonly mainMeters?: Readonly<Record<string, string>>;
  readonly independent?: readonly string[];
}): Boundaries => ({
  mainMeters: new Map(Object.entries(section?.mainMeters ?? {})),
  independent: new Set(section?.independent ?? []),
});
