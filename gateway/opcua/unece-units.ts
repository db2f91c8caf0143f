/**
 * UCUM text by UNECE Recommendation 20 common code, for the units of plants. Codes as in the OPC Foundation's table
 * UNECE_to_OPCUA; beside it H87 (piece), P1 (percent), 59 (parts per million) and K3 of Recommendation 20 itself. Normal
 * (0 °C) and standard (15 °C) cubic metres stay apart: they are not the same amount of gas. GJ is no gigajoule but gram
 * per millilitre; the gigajoule is GV.
 */
const table = `
WHR W.h, KWH kW.h, MWH MW.h, GWH GW.h, D32 TW.h, J55 W.s, JOU J, KJO kJ, 3B MJ, GV GJ, D30 TJ, C68 PJ,
K3 kvar.h, E14 kcal_IT, K53 kcal_th, BTU [Btu_IT]
WTT W, KWT kW, MAW MW, A90 GW, D46 V.A, KVA kV.A, MVA MV.A, D44 var, KVR kvar, K5 kvar, MAR Mvar,
P18 kJ/s, P20 kJ/h, P14 J/s
AMP A, B22 kA, 4K mA, B84 uA, VLT V, KVT kV, 2Z mV, D82 uV, B78 MV, OHM Ohm, B49 kOhm, B75 MOhm, E45 mOhm,
FAR F, 4O uF, C41 nF, 81 H, C14 mH, SIE S, C27 mS, B99 uS, G42 uS/cm, H61 mS/cm, G43 uS/m, D10 S/m, H43 S/cm,
COU C, AMH A.h, TAH kA.h, E09 mA.h, D33 T, C29 mT, D81 uT, D50 V/m, HTZ Hz, KHZ kHz, MHZ MHz, A86 GHz, 2N dB
H87 {pcs}, C62 1, P1 %, 59 [ppm], H60 m3/m3, M29 kg/kg, NA mg/kg, C34 mol, B45 kmol, C18 mmol, C36 mol/m3,
C38 mol/L, M33 mmol/L, Q30 [pH]
KGM kg, GRM g, MGM mg, MC ug, TNE t, KTN kt, 2U Mg, LBR [lb_av], ONZ [oz_av], KGS kg/s, F31 kg/min, E93 kg/h,
F30 kg/d, F29 g/s, F28 g/min, F27 g/h, E18 t/h, L71 t/d, L78 t/min, L81 t/s, 4U [lb_av]/h, KMQ kg/m3, 23 g/cm3,
B35 kg/L, GL g/L, A93 g/m3, GP mg/m3, M1 mg/L, GJ g/mL, GQ ug/m3, 28 kg/m2, GM g/m2, KL kg/m, GF g/m
MTQ m3, LTR L, MLT mL, HLT hL, K6 kL, CMQ cm3, DMQ dm3, MMQ mm3, FTQ [cft_i], GLL [gal_us], NM3 m3{normal},
SM3 m3{standard}, MQS m3/s, G53 m3/min, MQH m3/h, G52 m3/d, G51 L/s, L2 L/min, E32 L/h, LD L/d, 40 mL/s,
41 mL/min, G55 mL/h, 4X kL/h, 2L [cft_i]/min, 2K [cft_i]/h, G2 [gal_us]/min, Q37 m3{standard}/d,
Q38 m3{standard}/h, Q39 m3{normal}/d, Q40 m3{normal}/h, KWN kW.h/m3{normal}, KWS kW.h/m3{standard}
CEL Cel, KEL K, FAH [degF], H13 Cel/min, H12 Cel/h, F12 K/s, F11 K/min, F10 K/h, B42 kJ/kg, JK MJ/kg, J2 J/kg,
JM MJ/m3, B43 kJ/(kg.K), D55 W/(m2.K), D53 W/(m.K), D54 W/m2
BAR bar, MBR mbar, PAL Pa, KPA kPa, MPA MPa, A97 hPa, 74 mPa, PS [psi], ATM atm, HP mm[H2O], HN mm[Hg],
C56 N/mm2, UA {Torr}, E42 kgf/cm2
MTR m, CMT cm, DMT dm, MMT mm, 4H um, C45 nm, KMT km, KTM km, INH [in_i], FOT [ft_i], MTK m2, CMK cm2, MMK mm2,
HAR har, DD deg, C81 rad, C25 mrad, M44 {rev}
MTS m/s, 2X m/min, M60 m/h, KMH km/h, C16 mm/s, H81 mm/min, H67 mm/h, 2M cm/s, MSK m/s2, M41 mm/s2, K40 [g],
RPM {rev}/min, M46 {rev}/min, RPS {rev}/s, 2A rad/s, C97 /s, C94 /min, H10 /h, E96 deg/s
NEW N, B47 kN, B73 MN, C20 mN, B37 kgf, NU N.m, B48 kN.m, D83 mN.m, J72 cN.m, 4P N/m, C65 Pa.s, C24 mPa.s,
C7 cP, C17 mm2/s, 4C cSt
SEC s, MIN min, HUR h, DAY d, WEE wk, MON mo, ANN a, C26 ms, B98 us, C47 ns
LUX lx, KLX klx, LUM lm, CDL cd, A24 cd/m2, D13 Sv, C28 mSv, P72 uSv/h, BQL Bq
`;

const ucumByCode: Readonly<Record<string, string>> = Object.fromEntries(
  table
    .split(/[,\n]/)
    .map((pair) => pair.trim().split(' '))
    .filter((pair) => pair.length === 2),
);

/** Other spellings that plant files use, by UCUM. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  'W.h': ['Wh', 'W·h'],
  'kW.h': ['kWh', 'kW·h', '度'],
  'MW.h': ['MWh', 'MW·h'],
  'GW.h': ['GWh', 'GW·h'],
  'kvar.h': ['kvarh', 'kvar·h'],
  'V.A': ['VA'],
  'kV.A': ['kVA'],
  'MV.A': ['MVA'],
  Cel: ['°C', '℃', 'degC'],
  '[degF]': ['°F', 'degF'],
  m3: ['m³'],
  'm3/h': ['m³/h'],
  'm3/min': ['m³/min'],
  'm3/s': ['m³/s'],
  'm3{normal}': ['Nm3', 'Nm³'],
  'm3{normal}/h': ['Nm3/h', 'Nm³/h'],
  'm3{standard}': ['Sm3', 'Sm³'],
  'm3{standard}/h': ['Sm3/h', 'Sm³/h'],
  L: ['l', 'litre'],
  'L/min': ['l/min'],
  'L/h': ['l/h'],
  'L/s': ['l/s'],
  '{pcs}': ['pcs', 'piece', 'pieces', '件', '个'],
  '%': ['percent'],
  '{rev}/min': ['rpm', 'r/min', '1/min'],
  '/h': ['1/h'],
  'uS/cm': ['µS/cm'],
  um: ['µm'],
  Ohm: ['Ω'],
  '[psi]': ['psi'],
  'm/s2': ['m/s²'],
  'N.m': ['Nm', 'N·m'],
  t: ['ton', 'tonne'],
};

/** Units that differ in their code but not in their scale. */
const sameAs: Readonly<Record<string, string>> = {
  '1': '{pcs}',
  Mg: 't',
  dm3: 'L',
  kL: 'm3',
  cm3: 'mL',
  '/min': '{rev}/min',
  '/s': '{rev}/s',
  hPa: 'mbar',
  'J/s': 'W',
  'W.s': 'J',
  'kJ/s': 'kW',
  'N/mm2': 'MPa',
  'g/L': 'kg/m3',
};

/** Codes of two letters are left out: in a plant file HP and PS are horse power. */
const bySpelling = new Map<string, string>([
  ...Object.entries(ucumByCode).filter(([code]) => code === 'GV' || !/^[A-Z]{2}$/.test(code)),
  ...Object.entries(spellings).flatMap(([ucum, texts]) => texts.map((text) => [text, ucum] as const)),
  // Last, so that "GJ" in a plant file is the gigajoule and never the code of that name.
  ...Object.values(ucumByCode).map((ucum) => [ucum, ucum] as const),
]);

/** UCUM text of a common code, or null when it is not in the table. */
export function ucumOfCode(code: string): string | null {
  return ucumByCode[code] ?? null;
}

/** UCUM text of a unit as a plant file writes it (UCUM, UNECE code or common text), or null when it is not known. */
export function ucumOfText(unit: string): string | null {
  return bySpelling.get(unit.trim()) ?? null;
}

/** Whether two UCUM texts name the same scale. */
export function isSameUnit(left: string, right: string): boolean {
  return (sameAs[left] ?? left) === (sameAs[right] ?? right);
}

/** The common code behind a unitId (its characters as digits to the base 256, OPC 10000-8 5.6.4.3), or null when it is none. */
export function codeOfUnitId(unitId: number): string | null {
  if (!Number.isInteger(unitId) || unitId <= 0) return null;
  let code = '';
  for (let rest = unitId; rest > 0; rest = Math.floor(rest / 256)) code = String.fromCharCode(rest % 256) + code;
  return /^[A-Z0-9]{1,4}$/.test(code) ? code : null;
}
