/** Window lengths the ledger keeps. Days are local days of the plant's time zone; the others are aligned in UTC. */
export const windowSizes = ['1m', '15m', '1h', '1d'] as const;
export type WindowSize = (typeof windowSizes)[number];

/** Nominal length in ms; a local day may be 23 or 25 hours long. */
export const windowLengthMs = {
  '1m': 60_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '1d': 86_400_000,
} as const satisfies Record<WindowSize, number>;

export const equipmentLevels = ['site', 'area', 'line', 'equipment'] as const;
export type EquipmentLevel = (typeof equipmentLevels)[number];

/**
 * What one object did in one half-open window [start, end). All members but the identity are sums, so that a parent
 * (longer window, or line, area, site) is the plain sum of its children; ratios are made when a figure is read.
 */
export type EnergyWindow = {
  /** Equipment path; '' is the site. */
  readonly path: string;
  readonly level: EquipmentLevel;
  readonly window: WindowSize;
  /** Epoch ms, inclusive. */
  readonly start: number;
  /** Epoch ms, exclusive. */
  readonly end: number;
  /** open: still filling. final: the watermark has passed end + lateness. */
  readonly state: 'open' | 'final';
  /** Raised by one each time a final window is changed by late data. */
  readonly revision: number;
  readonly energyKwh: number;
  /** Of energyKwh: used while powered without producing (idle or standby). */
  readonly idleKwh: number;
  /** Of energyKwh: spread over a gap longer than the longest allowed one. */
  readonly estimatedKwh: number;
  /** Good output in equivalent units (count × coefficient). */
  readonly output: number;
  readonly scrap: number;
  readonly runMs: number;
  /** Powered without producing: idle and standby. */
  readonly idleMs: number;
  readonly offMs: number;
  /** alarm and changeover. */
  readonly otherMs: number;
  /** Energy time that is bracketed by good samples no further apart than the longest allowed gap, summed over meters. */
  readonly coveredMs: number;
  /** Energy time there should be: window length × meters. */
  readonly expectedMs: number;
  readonly worstGapMs: number;
  /** Counter steps that could not be explained and are in no sum. */
  readonly unresolved: number;
};

/** Class of a figure by measured share: A ≥ 99 %, B ≥ 95 %, C ≥ 80 %, otherwise there is no figure. */
export type FigureClass = 'A' | 'B' | 'C';
