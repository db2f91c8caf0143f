/** Time, power and output of one machine over a period, by state. */
export type UseSpan = { readonly state: 'run' | 'idle' | 'off' | 'changeover' | 'alarm'; readonly kwh: number };

export type MachineUse = {
  readonly energyKwh: number;
  /** kWh per good piece over all energy; null without good pieces. */
  readonly secKwh: number | null;
  /** kWh per good piece of the running time alone. */
  readonly runSecKwh: number | null;
  /** F18: idle energy over all energy. */
  readonly idleShare: number | null;
  /** Energy that went into scrap, shared by pieces. */
  readonly scrapKwh: number | null;
};

/** F2 and F18 of one machine. Unknowns are null, never 0. */
export function machineUse(spans: readonly UseSpan[], good: number, scrap: number): MachineUse {
  const of = (state: UseSpan['state'] | null): number =>
    spans.filter((span) => state === null || span.state === state).reduce((sum, { kwh }) => sum + kwh, 0);
  const energyKwh = of(null);
  const pieces = good + scrap;
  return {
    energyKwh,
    secKwh: good > 0 ? energyKwh / good : null,
    runSecKwh: good > 0 ? of('run') / good : null,
    idleShare: energyKwh > 0 ? of('idle') / energyKwh : null,
    scrapKwh: pieces > 0 ? (energyKwh * scrap) / pieces : null,
  };
}

/** F3: output in standard products, Σ coefficient × count. */
export const equivalentOutput = (
  products: readonly { readonly count: number; readonly coefficient: number }[],
): number => products.reduce((sum, { count, coefficient }) => sum + count * coefficient, 0);
