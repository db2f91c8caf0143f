/** What a MeasurementID of OPC 34100 (Energy Consumption Management 1.0) says of its variable. */
export type Measurement = {
  readonly role: 'energy-counter' | 'power';
  readonly meaning: string;
  /** UCUM text of the unit the specification gives. */
  readonly standardUnit: string;
  /** false: energy given away. */
  readonly isImport: boolean;
  /** Of several measurements of the same the higher one is taken: double precision over single. */
  readonly precision: number;
};

const energy = (meaning: string, isImport: boolean, precision: number): Measurement => ({
  role: 'energy-counter',
  meaning,
  standardUnit: 'W.h',
  isImport,
  precision,
});

/** Those that count or measure a whole consumer's electricity; ids that are not here are judged by unit and name. */
const measurements: ReadonlyMap<number, Measurement> = new Map([
  [1001, energy('AcActiveEnergyTotalImportLp', true, 1)],
  [1002, energy('AcActiveEnergyTotalImportHp', true, 2)],
  [1004, energy('AcActiveEnergyTotalExportLp', false, 1)],
  [1005, energy('AcActiveEnergyTotalExportHp', false, 2)],
  [1022, energy('DcEnergyTotalImportLp', true, 1)],
  [1412, { role: 'power', meaning: 'AcActivePowerTotal', standardUnit: 'W', isImport: true, precision: 1 } as const],
]);

/** The measurement behind an id, or null. */
export function measurementOf(id: number | null): Measurement | null {
  return id === null ? null : (measurements.get(id) ?? null);
}
