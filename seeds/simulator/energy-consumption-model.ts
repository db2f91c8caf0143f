import {
  DataType,
  StatusCodes,
  coerceNodeId,
  coerceStatusCode,
  makeNodeId,
  type Namespace,
  type UAObject,
  type UAVariable,
  type UAVariableType,
} from 'node-opcua';
import { ENERGY_METER, ENERGY_METER_TOTAL } from './demo-plant.ts';
import { engineeringUnit } from './engineering-unit.ts';
import type { PlantServer } from './plant-server.ts';

/** Namespace of OPC 34100 Energy Consumption Management 1.0. */
export const ECM_NAMESPACE = 'http://opcfoundation.org/UA/ECM/';

/** Measurement ids of OPC 34100 that the demo plant offers. */
export const measurementIds = { energyTotalImportLp: 1001, energyTotalImportHp: 1002, activePowerTotal: 1412 } as const;

/** Numeric node ids of the published node set, so that a client that knows it finds the same types. */
const nodeIds = {
  energyMeasurementType: 1006,
  energyMeasurementValueType: 2002,
  accuracyDomainType: 1014,
  accuracyDomains: 5009,
  accuracyDomainIec: 5027,
} as const;
const ELECTRICITY = 1;
const ACCURACY_CLASS = 1;
/** Rated power (W) the accuracy is given for, as upper end of the measuring range. */
const ACCURACY_RANGE_W = 100_000;

const measurements = [
  {
    id: measurementIds.energyTotalImportLp,
    name: 'AcActiveEnergyTotalImportLp',
    dataType: DataType.Float,
    unit: 'W.h',
    high: 1e12,
  },
  {
    id: measurementIds.energyTotalImportHp,
    name: ENERGY_METER_TOTAL,
    dataType: DataType.Double,
    unit: 'W.h',
    high: 1e12,
  },
  {
    id: measurementIds.activePowerTotal,
    name: 'AcActivePowerTotal',
    dataType: DataType.Float,
    unit: 'W',
    high: 200_000,
  },
] as const;

/** Sets the measurements of one meter: watt hours in all with their status, watts now, source time (epoch ms). */
export type EcmMeter = (energyWh: number, powerW: number, at: number, energyStatus: number) => void;

/**
 * Offers energy meters by the conventions of OPC 34100, placed as OPC 40001-4 does: below each machine an object of
 * EnergyMeasurementType whose variables of EnergyMeasurementValueType carry MeasurementID, Resource and accuracy. The
 * published node set is not part of node-opcua, so the types are built here under its namespace and node ids with the
 * members a client looks for. The objects themselves live in the plant's own namespace.
 */
export function createEcmMeters(server: PlantServer): (path: string) => EcmMeter {
  const ecm = server.addressSpace.registerNamespace(ECM_NAMESPACE);
  const types = addTypes(ecm);
  addAccuracyDomains(ecm);
  return (path) => {
    const cut = ENERGY_METER.lastIndexOf('/');
    const prefix = `${path}/${ENERGY_METER}`.replaceAll('/', '.');
    const meter: UAObject = server.namespace.addObject({
      componentOf: server.folder(`${path}/${ENERGY_METER.slice(0, cut)}`),
      browseName: ENERGY_METER.slice(cut + 1),
      nodeId: `s=${prefix}`,
      typeDefinition: types.measurement,
    });
    const variables = measurements.map((measurement) =>
      addMeasurement({ server, ecm, meter, valueType: types.value, prefix, measurement }),
    );
    return (energyWh, powerW, at, energyStatus) => {
      const status = energyStatus === 0 ? StatusCodes.Good : coerceStatusCode(energyStatus);
      const time = new Date(at);
      const [low, high, power] = variables;
      low?.setValueFromSource({ dataType: DataType.Float, value: Math.fround(energyWh) }, status, time);
      high?.setValueFromSource({ dataType: DataType.Double, value: energyWh }, status, time);
      power?.setValueFromSource({ dataType: DataType.Float, value: Math.fround(powerW) }, StatusCodes.Good, time);
    };
  };
}

type BrowseName = { name: string; namespaceIndex: number };

function addTypes(ecm: Namespace) {
  return {
    measurement: ecm.addObjectType({
      browseName: 'EnergyMeasurementType',
      nodeId: `i=${nodeIds.energyMeasurementType}`,
    }),
    value: ecm.addVariableType({
      browseName: 'EnergyMeasurementValueType',
      nodeId: `i=${nodeIds.energyMeasurementValueType}`,
      subtypeOf: 'BaseDataVariableType',
      dataType: 'BaseDataType',
      valueRank: -2,
    }),
  };
}

/** The folder that AccuracyDomain points into; only the domain our meters use. */
function addAccuracyDomains(ecm: Namespace): void {
  const type = ecm.addObjectType({ browseName: 'AccuracyDomainType', nodeId: `i=${nodeIds.accuracyDomainType}` });
  const folder = ecm.addObject({
    componentOf: ecm.addressSpace.rootFolder.objects.server,
    typeDefinition: 'FolderType',
    browseName: 'AccuracyDomains',
    nodeId: `i=${nodeIds.accuracyDomains}`,
  });
  ecm.addObject({
    organizedBy: folder,
    browseName: 'ACCURACY_DOMAIN_IEC',
    nodeId: `i=${nodeIds.accuracyDomainIec}`,
    typeDefinition: type,
  });
}

function addMeasurement(options: {
  readonly server: PlantServer;
  readonly ecm: Namespace;
  readonly meter: UAObject;
  readonly valueType: UAVariableType;
  readonly prefix: string;
  readonly measurement: (typeof measurements)[number];
}): UAVariable {
  const { server, ecm, meter, valueType, prefix, measurement } = options;
  const { namespace } = server;
  const nodeId = `s=${prefix}.${measurement.name}`;
  const inEcm = (name: string): BrowseName => ({ name, namespaceIndex: ecm.index });
  const inUa = (name: string): BrowseName => ({ name, namespaceIndex: 0 });
  const variable = namespace.addVariable({
    componentOf: meter,
    browseName: inEcm(measurement.name),
    nodeId,
    typeDefinition: valueType,
    dataType: measurement.dataType,
    minimumSamplingInterval: 0,
  });
  const property = (
    browseName: BrowseName,
    dataType: string | DataType,
    value: { dataType: DataType; value: unknown },
  ): void => {
    namespace
      .addVariable({
        propertyOf: variable,
        typeDefinition: 'PropertyType',
        browseName,
        dataType,
        nodeId: `${nodeId}.${browseName.name}`,
      })
      .setValueFromSource(value);
  };
  property(inUa('EngineeringUnits'), 'EUInformation', {
    dataType: DataType.ExtensionObject,
    value: engineeringUnit(measurement.unit),
  });
  property(inUa('EURange'), 'Range', {
    dataType: DataType.ExtensionObject,
    value: server.addressSpace.constructExtensionObject(coerceNodeId('i=884'), { low: 0, high: measurement.high }),
  });
  property(inEcm('MeasurementID'), DataType.UInt16, { dataType: DataType.UInt16, value: measurement.id });
  property(inEcm('AccuracyDomain'), DataType.NodeId, {
    dataType: DataType.NodeId,
    value: makeNodeId(nodeIds.accuracyDomainIec, ecm.index),
  });
  property(inEcm('AccuracyRange'), DataType.Float, { dataType: DataType.Float, value: ACCURACY_RANGE_W });
  for (const [name, value, text] of [
    ['AccuracyClass', ACCURACY_CLASS, 'Class 1'],
    ['Resource', ELECTRICITY, 'Electricity'],
  ] as const) {
    namespace.addMultiStateValueDiscrete({
      componentOf: variable,
      browseName: inEcm(name),
      nodeId: `${nodeId}.${name}`,
      dataType: 'UInt32',
      enumValues: [{ displayName: text, value }],
      value,
    });
  }
  return variable;
}
