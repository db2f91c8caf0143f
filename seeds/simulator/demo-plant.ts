import type { EquipmentDescription, TagDescription } from '../../broker/contract/tag.ts';
import type { MachineSpec, SensorSpec } from './model/machine-kinds.ts';
import { machineSpecs } from './model/machine-spec.ts';
import type { Fault } from './model/fault.ts';
import type { PlantModel } from './model/plant-model.ts';

/** Namespace of the demo plant's nodes. */
export const DEMO_NAMESPACE = 'urn:joulegate:demo-plant';

/** One tag of the demo plant: what it means, its OPC UA type, and how to read it from the model. */
export type DemoTag = {
  readonly tag: TagDescription;
  readonly dataType: 'Double' | 'Float' | 'UInt32' | 'Int32' | 'String';
  readonly read: (model: PlantModel, machine: number) => number | string;
};
export type DemoMachine = { readonly equipment: EquipmentDescription; readonly tags: readonly DemoTag[] };

const states = { '0': 'off', '1': 'standby', '2': 'idle', '3': 'run', '4': 'changeover', '5': 'alarm' } as const;

/** String node id of a tag in the demo namespace. */
export function demoNodeId(path: string, tag: string): string {
  return `nsu=${DEMO_NAMESPACE};s=${path.replaceAll('/', '.')}.${tag}`;
}

/** Path below a machine's objects of its meter by the conventions of OPC 34100 and OPC 40001-4. */
export const ENERGY_METER = 'Monitoring/Consumption/Electricity/Main';
/** Its measurement with high precision. */
export const ENERGY_METER_TOTAL = 'AcActiveEnergyTotalImportHp';

/** The machines of the demo plant with all their tags; the index is the machine's number everywhere. */
export const demoMachines: readonly DemoMachine[] = machineSpecs.map(toMachine);

/** Equipment and tags as a gateway's metadata would describe them, in the order of `demoMachines`. */
export function demoEquipment(): readonly {
  readonly equipment: EquipmentDescription;
  readonly tags: readonly TagDescription[];
}[] {
  return demoMachines.map(({ equipment, tags }) => ({ equipment, tags: tags.map(({ tag }) => tag) }));
}

/** Names of the tags that show a fault. */
export function faultTags(fault: Fault): readonly string[] {
  const spec = machineSpecs.find(({ path }) => path === fault.path);
  const sensors = (affected: (sensor: SensorSpec) => boolean): string[] =>
    (spec?.sensors ?? []).filter(affected).map(({ name }) => name);
  switch (fault.kind) {
    case 'bearing-wear':
      return ['Power', ...sensors(({ wear, power }) => wear !== undefined || power !== undefined)];
    case 'air-leak':
      return ['Power', ...sensors(({ load, power, leak }) => (load ?? power ?? leak) !== undefined)];
    case 'standby-waste':
      return ['Power', ...sensors(({ power }) => power !== undefined)];
    case 'counter-reset':
      return ['EnergyTotal'];
    case 'stuck-sensor':
    case 'bad-quality':
      return fault.tag === undefined ? [] : [fault.tag];
    case 'clock-jump':
      return demoMachines.find(({ equipment }) => equipment.path === fault.path)?.tags.map(({ tag }) => tag.name) ?? [];
    default:
      return fault.kind satisfies never;
  }
}

/** Whether the machine's energy tag is read from its OPC 34100 meter, which counts in watt hours. */
export function isEnergyMeterTag({ meter }: MachineSpec): boolean {
  return meter.ecm === true && meter.unit === 'W.h';
}

function toMachine(spec: MachineSpec): DemoMachine {
  const { meter, path } = spec;
  const described = (tag: TagDescription): TagDescription => ({ ...tag, nodeId: demoNodeId(path, tag.name) });
  const tags: DemoTag[] = [
    {
      tag: {
        name: 'EnergyTotal',
        role: 'energy-counter',
        unit: meter.unit,
        carrier: 'electricity',
        ratedMax: Math.ceil(spec.runKw * 1.3),
        accuracyClass: 1,
        ...(meter.modulus === undefined ? {} : { modulus: meter.modulus }),
        nodeId: isEnergyMeterTag(spec)
          ? demoNodeId(`${path}/${ENERGY_METER}`, ENERGY_METER_TOTAL)
          : demoNodeId(path, 'EnergyTotal'),
      },
      dataType: meter.type,
      read: (model, machine) => model.meter(machine),
    },
    {
      tag: described({
        name: 'Power',
        role: 'power',
        unit: 'kW',
        carrier: 'electricity',
        range: [0, Math.ceil(spec.runKw * 1.5)],
      }),
      dataType: 'Double',
      read: (model, machine) => model.powerKw(machine),
    },
    {
      tag: described({ name: 'State', role: 'state', states }),
      dataType: 'Int32',
      read: (model, machine) => model.state(machine),
    },
  ];
  if (spec.cycleSeconds > 0) {
    const perHour = Math.ceil((3600 / spec.cycleSeconds) * spec.piecesPerCycle * 1.5);
    tags.push(
      {
        tag: described({
          name: 'GoodCount',
          role: 'output-counter',
          unit: '{pcs}',
          ratedMax: perHour,
          ...(spec.coefficient === 1 ? {} : { coefficient: spec.coefficient }),
          ...(spec.boundary ? { boundaryOutput: true } : {}),
        }),
        dataType: 'UInt32',
        read: (model, machine) => model.good(machine),
      },
      {
        tag: described({ name: 'ScrapCount', role: 'scrap-counter', unit: '{pcs}', ratedMax: perHour }),
        dataType: 'UInt32',
        read: (model, machine) => model.scrap(machine),
      },
      {
        tag: described({ name: 'Product', role: 'product' }),
        dataType: 'String',
        read: (model, machine) => model.product(machine),
      },
      {
        tag: described({ name: 'Order', role: 'order' }),
        dataType: 'String',
        read: (model, machine) => model.order(machine),
      },
    );
  }
  spec.sensors.forEach((sensor, index) => {
    tags.push({
      tag: described({ name: sensor.name, role: 'process', unit: sensor.unit, range: [...sensor.range] }),
      dataType: 'Double',
      read: (model, machine) => model.sensor(machine, index),
    });
  });
  return { equipment: { path, kind: spec.kind, displayName: { en: spec.en, zh: spec.zh } }, tags };
}
