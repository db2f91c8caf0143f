import { DataType, type UAObject, type UAObjectType, type UAVariable } from 'node-opcua';
import type { PlantServer } from './plant-server.ts';
import { engineeringUnit } from './engineering-unit.ts';

/** Namespace of OPC 34100 Energy Consumption Management 1.0. */
export const ECM_NAMESPACE = 'http://opcfoundation.org/UA/ECM/';

/** Measurement ids of OPC 34100 annex that the demo plant offers. */
export const measurementIds = { energyTotalImportLp: 1001, energyTotalImportHp: 1002, activePowerTotal: 1412 } as const;

const measurements = [
  {
    id: measurementIds.energyTotalImportLp,
    name: 'AcActiveEnergyTotalImportLp',
    dataType: DataType.Float,
    unit: 'W.h',
  },
  {
    id: measurementIds.energyTotalImportHp,
    name: 'AcActiveEnergyTotalImportHp',
    dataType: DataType.Double,
    unit: 'W.h',
  },
  { id: measurementIds.activePowerTotal, name: 'AcActivePowerTotal', dataType: DataType.Float, unit: 'W' },
] as const;

/** Sets the measurements of one meter: watt hours in all, watts now, source time (epoch ms). */
export type EcmMeter = (energyWh: number, powerW: number, at: number) => void;

/**
 * Offers energy meters by the conventions of OPC 34100: an EnergyMeasurement object per machine whose values carry
 * MeasurementID, AccuracyDomain and AccuracyClass. The published node set is not part of node-opcua, so its
 * types are built here under its namespace with the members a client looks for.
 */
export function createEcmMeters(server: PlantServer): (path: string) => EcmMeter {
  const namespace = server.addressSpace.registerNamespace(ECM_NAMESPACE);
  const type: UAObjectType = namespace.addObjectType({
    browseName: 'EnergyMeasurementType',
    nodeId: 's=EnergyMeasurementType',
  });
  return (path) => {
    const machine = server.folder(path);
    const name = `${path.replaceAll('/', '.')}.Electricity`;
    const meter: UAObject = namespace.addObject({
      componentOf: machine,
      browseName: 'Electricity',
      nodeId: `s=${name}`,
      typeDefinition: type,
    });
    const variables = measurements.map((measurement) => {
      const variable: UAVariable = namespace.addAnalogDataItem({
        componentOf: meter,
        browseName: measurement.name,
        nodeId: `s=${name}.${measurement.name}`,
        dataType: measurement.dataType,
        minimumSamplingInterval: 0,
        engineeringUnitsRange: { low: 0, high: 1e12 },
        engineeringUnits: engineeringUnit(measurement.unit),
      });
      const property = (browseName: string, dataType: DataType, value: number | string): void => {
        const node = namespace.addVariable({
          propertyOf: variable,
          browseName,
          dataType,
          nodeId: `s=${name}.${measurement.name}.${browseName}`,
        });
        node.setValueFromSource({ dataType, value });
      };
      property('MeasurementID', DataType.UInt16, measurement.id);
      property('AccuracyDomain', DataType.String, 'IEC 62053-21');
      property('AccuracyClass', DataType.String, '1');
      return { variable, dataType: measurement.dataType };
    });
    return (energyWh, powerW, at) => {
      const values = [Math.fround(energyWh), energyWh, Math.fround(powerW)];
      variables.forEach(({ variable, dataType }, index) => {
        variable.setValueFromSource({ dataType, value: values[index] ?? 0 }, undefined, new Date(at));
      });
    };
  };
}
