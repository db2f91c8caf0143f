/** Namespace of OPC UA engineering units that are numbered by their UNECE code (OPC 10000-8, 5.6.3). */
export const UNECE_UNITS_URI = 'http://www.opcfoundation.org/UA/units/un/cefact';

/** UNECE common codes of the units the ledger scales without knowing more, with their UCUM text. */
const UCUM_OF_CODE: Readonly<Record<string, string>> = {
  WHR: 'W.h',
  KWH: 'kW.h',
  MWH: 'MW.h',
  GWH: 'GW.h',
  JOU: 'J',
  KJO: 'kJ',
  '3B': 'MJ',
  GV: 'GJ',
  WTT: 'W',
  KWT: 'kW',
  MAW: 'MW',
  KGM: 'kg',
  TNE: 't',
  MTQ: 'm3',
  HUR: 'h',
  H87: '{pcs}',
  C62: '{pcs}',
};

/** Codes that look like another unit. */
const MISTAKEN: Readonly<Record<string, string>> = {
  GJ: 'code GJ is gram per millilitre, not gigajoule; gigajoule is GV (unitId 18262)',
  MJ: 'code MJ is no megajoule; megajoule is 3B (unitId 13122)',
};

/** OPC UA unitId of a UNECE code: its characters as digits of base 256. */
export function unitIdOf(code: string): number {
  let id = 0;
  for (const character of code) id = id * 256 + (character.codePointAt(0) ?? 0);
  return id;
}

/** UNECE code of a unitId; '' for -1 and 0, which mean "not given". */
export function codeOfUnitId(unitId: number): string {
  let code = '';
  for (let rest = unitId; rest > 0; rest = Math.floor(rest / 256)) code = String.fromCodePoint(rest % 256) + code;
  return code;
}

export type UnitReading =
  | { readonly kind: 'unit'; readonly code: string; readonly ucum: string }
  | { readonly kind: 'refused'; readonly reason: string; readonly remedy: string };

/** What an EUInformation says; refuses what would have to be guessed. */
export function readEngineeringUnit(information: {
  readonly namespaceUri: string;
  readonly unitId: number;
}): UnitReading {
  const remedy = 'set the unit of the tag in plant.yaml as UCUM text, e.g. kW.h';
  if (information.namespaceUri !== UNECE_UNITS_URI)
    return { kind: 'refused', reason: `unit numbers of "${information.namespaceUri}" are not known`, remedy };
  if (information.unitId <= 0) return { kind: 'refused', reason: 'the server gives no unit', remedy };
  const code = codeOfUnitId(information.unitId);
  const ucum = UCUM_OF_CODE[code];
  if (ucum !== undefined) return { kind: 'unit', code, ucum };
  return {
    kind: 'refused',
    reason: MISTAKEN[code] ?? `unit code "${code}" is not a scale of a counted quantity`,
    remedy,
  };
}

/** A counter that runs this much faster than its machine can draw has the wrong unit. */
const UNIT_MARGIN = 1.25;

/** Whether an increase fits the rated power, and if not, whether a factor of 1000 in the unit would explain it. */
export function unitPlausibility(
  deltaKwh: number,
  elapsedMs: number,
  ratedKw: number,
): {
  readonly plausible: boolean;
  readonly suspicion: string | null;
} {
  const limit = ((ratedKw * elapsedMs) / 3_600_000) * UNIT_MARGIN;
  if (deltaKwh <= limit) return { plausible: true, suspicion: null };
  return {
    plausible: false,
    suspicion:
      deltaKwh / 1000 <= limit
        ? 'the values fit the rated power when they are a thousandth: is the unit W.h instead of kW.h?'
        : 'the rated maximum or the unit of the tag is wrong',
  };
}
