/** What a unit measures, as far as proposing a role needs it. */
export type Dimension = 'energy' | 'power' | 'pieces' | 'rate' | 'mass' | 'volume' | 'other';

export type KnownUnit = {
  /** UNECE Recommendation 20 common code. */
  readonly code: string;
  readonly ucum: string;
  readonly dimension: Dimension;
};

/**
 * Common code, UCUM text, dimension, and other texts people write for the unit. The code of gigajoule is GV; `GJ` is
 * gram per millilitre.
 */
const rows: readonly (readonly [code: string, ucum: string, dimension: Dimension, ...texts: string[]])[] = [
  ['WHR', 'W.h', 'energy', 'Wh', '瓦时'],
  ['KWH', 'kW.h', 'energy', 'kWh', '千瓦时', '度'],
  ['MWH', 'MW.h', 'energy', 'MWh', '兆瓦时'],
  ['GWH', 'GW.h', 'energy', 'GWh', '吉瓦时'],
  ['JOU', 'J', 'energy', 'joule', '焦耳'],
  ['KJO', 'kJ', 'energy', '千焦'],
  ['3B', 'MJ', 'energy', '兆焦'],
  ['GV', 'GJ', 'energy', '吉焦'],
  ['WTT', 'W', 'power', 'watt', '瓦'],
  ['KWT', 'kW', 'power', '千瓦'],
  ['MAW', 'MW', 'power', '兆瓦'],
  ['H87', '{pcs}', 'pieces', 'pcs', 'pc', 'piece', 'pieces', 'parts', '件', '个', '台', '只', '片'],
  ['EA', '{pcs}', 'pieces', 'each'],
  ['NAR', '{pcs}', 'pieces', 'number of articles'],
  ['H10', '/h', 'rate', '1/h', 'per hour'],
  ['MTQ', 'm3', 'volume', 'm³', 'm^3', '立方米', '方'],
  ['NM3', 'Nm3', 'volume', 'Nm³', '标方', '标准立方米'],
  ['LTR', 'L', 'volume', 'l', 'litre', 'liter', '升'],
  ['KGM', 'kg', 'mass', '千克', '公斤'],
  ['TNE', 't', 'mass', 'ton', 'tonne', '吨'],
  ['CEL', 'Cel', 'other', '°C', '℃', 'degC', '摄氏度'],
  ['KEL', 'K', 'other', 'kelvin'],
  ['BAR', 'bar', 'other'],
  ['PAL', 'Pa', 'other'],
  ['KPA', 'kPa', 'other'],
  ['MPA', 'MPa', 'other'],
  ['C16', 'mm/s', 'other'],
  ['MMT', 'mm', 'other'],
  ['MTR', 'm', 'other'],
  ['AMP', 'A', 'other', '安'],
  ['B22', 'kA', 'other'],
  ['VLT', 'V', 'other', '伏'],
  ['KVT', 'kV', 'other'],
  ['HTZ', 'Hz', 'other'],
  ['B47', 'kN', 'other'],
  ['NEW', 'N', 'other'],
  ['P1', '%', 'other', 'percent'],
  ['MQH', 'm3/h', 'other', 'm³/h'],
  ['G53', 'm3/min', 'other', 'm³/min'],
  ['L2', 'L/min', 'other', 'l/min'],
  ['2X', 'm/min', 'other'],
  ['G42', 'uS/cm', 'other', 'µS/cm'],
  ['RPM', '/min', 'other', 'rpm', '1/min', 'r/min', '转/分'],
  ['SEC', 's', 'other', '秒'],
  ['HUR', 'h', 'other', '小时'],
];

/** Units differ by case alone (MW, mW), so a text is looked up as it is first and without case only where that is one unit. */
const byText = new Map<string, KnownUnit>();
const byLowerText = new Map<string, KnownUnit | null>();
const byCode = new Map<string, KnownUnit>();
for (const [code, ucum, dimension, ...texts] of rows) {
  const unit: KnownUnit = { code, ucum, dimension };
  byCode.set(code, unit);
  for (const text of [ucum, code, ...texts]) {
    const key = plain(text);
    if (!byText.has(key)) byText.set(key, unit);
    const lower = key.toLowerCase();
    const known = byLowerText.get(lower);
    byLowerText.set(lower, known === undefined || known?.ucum === unit.ucum ? unit : null);
  }
}

function plain(text: string): string {
  return text.trim().replaceAll(/[·⋅*]/g, '.').replaceAll(/\s+/g, ' ');
}

/** The unit with this UNECE common code, or null. */
export function unitByCode(code: string): KnownUnit | null {
  return byCode.get(code) ?? null;
}

/** The unit meant by a text as people write it (kWh, kW·h, ℃, 件 …), or null. A milliwatt (mW) is no megawatt. */
export function unitByText(text: string): KnownUnit | null {
  const key = plain(text);
  const exact = byText.get(key);
  if (exact !== undefined) return exact;
  const near = byLowerText.get(key.toLowerCase()) ?? null;
  const isMixed = key !== key.toLowerCase() && key !== key.toUpperCase();
  return isMixed && key.startsWith('m') && near?.ucum.startsWith('M') === true ? null : near;
}

/** The common code behind an EUInformation unitId (characters as digits to the base 256, OPC 10000-8 5.6.4.3), or null. */
export function commonCode(unitId: number): string | null {
  if (!Number.isSafeInteger(unitId) || unitId <= 0 || unitId > 0xff_ff_ff_ff) return null;
  let code = '';
  for (let rest = unitId; rest > 0; rest = Math.floor(rest / 256)) code = String.fromCharCode(rest % 256) + code;
  return /^[A-Z0-9]{2,4}$/.test(code) ? code : null;
}
