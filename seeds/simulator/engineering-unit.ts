import { makeEUInformation, type EUInformation } from 'node-opcua';

/** UNECE Recommendation 20 common code and display text of the units our servers use, by UCUM text. */
const units: Readonly<Record<string, readonly [code: string, display: string, name: string]>> = {
  'kW.h': ['KWH', 'kW·h', 'kilowatt hour'],
  'W.h': ['WHR', 'W·h', 'watt hour'],
  kW: ['KWT', 'kW', 'kilowatt'],
  W: ['WTT', 'W', 'watt'],
  '{pcs}': ['H87', 'pcs', 'piece'],
  Cel: ['CEL', '°C', 'degree Celsius'],
  bar: ['BAR', 'bar', 'bar [unit of pressure]'],
  kPa: ['KPA', 'kPa', 'kilopascal'],
  'mm/s': ['C16', 'mm/s', 'millimetre per second'],
  mm: ['MMT', 'mm', 'millimetre'],
  A: ['AMP', 'A', 'ampere'],
  kA: ['B22', 'kA', 'kiloampere'],
  kN: ['B47', 'kN', 'kilonewton'],
  '%': ['P1', '%', 'percent'],
  'm3/h': ['MQH', 'm³/h', 'cubic metre per hour'],
  'm3/min': ['G53', 'm³/min', 'cubic metre per minute'],
  'L/min': ['L2', 'l/min', 'litre per minute'],
  'm/min': ['2X', 'm/min', 'metre per minute'],
  'uS/cm': ['G42', 'µS/cm', 'microsiemens per centimetre'],
  '/h': ['H10', '1/h', 'reciprocal hour'],
};

/** EUInformation of a unit; an unknown one keeps its text and has unitId −1 as OPC 10000-8 asks for. */
export function engineeringUnit(unit: string): EUInformation {
  const known = units[unit];
  if (known !== undefined) return makeEUInformation(...known);
  const information = makeEUInformation('C62', unit, unit);
  information.unitId = -1;
  return information;
}

/** unitId of a common code: its characters as digits to the base 256 (OPC 10000-8 5.6.4.3). */
export function unitId(code: string): number {
  let id = 0;
  for (const character of code) id = id * 256 + character.charCodeAt(0);
  return id;
}
