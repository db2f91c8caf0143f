/** A process sensor as a sum of simple parts, each with a reason: ambient, load (lagged), power, wear, leak, noise. */
export type SensorSpec = {
  readonly name: string;
  /** UCUM text. */
  readonly unit: string;
  readonly range: readonly [number, number];
  readonly base: number;
  /** Added at full load, reached as a first-order lag of `lagSeconds`. */
  readonly load?: number;
  readonly lagSeconds?: number;
  /** true: a heated part, which heaters hold at temperature while the machine is on but makes nothing. */
  readonly heated?: boolean;
  /** Added at the machine's running power, in proportion to its power now. */
  readonly power?: number;
  /** Added per kelvin of ambient temperature above 20 °C. */
  readonly ambient?: number;
  /** Added at full wear of a bearing. */
  readonly wear?: number;
  /** Added at an air leak of severity 1. */
  readonly leak?: number;
  readonly noise: number;
};

export type MachineSpec = {
  readonly path: string;
  readonly kind: string;
  readonly en: string;
  readonly zh: string;
  readonly runKw: number;
  readonly idleKw: number;
  readonly standbyKw: number;
  /** Seconds per piece at full speed; 0 = a utility that makes no pieces. */
  readonly cycleSeconds: number;
  readonly piecesPerCycle: number;
  readonly scrapShare: number;
  readonly coefficient: number;
  /** Its output is the output of the line. */
  readonly boundary: boolean;
  /** Part of the running power that heaters draw while the machine warms up before a shift. */
  readonly warmUp: number;
  /** Hours of running a tool lasts; a worn tool is felt like a little bearing wear. 0 = no tool. */
  readonly toolHours: number;
  /** Compressed air at full load, Nm³/min. */
  readonly air: number;
  /** Heat it gives to the cooling water at full load, kW. */
  readonly heat: number;
  readonly meter: {
    readonly unit: 'kW.h' | 'W.h';
    readonly type: 'Double' | 'Float';
    /** Reading at the start of the model, in the unit. */
    readonly start: number;
    readonly modulus?: number;
    /** Its controller sets it to 0 every second Sunday evening. */
    readonly resets?: boolean;
    /** Offered by the conventions of OPC 34100 as well. */
    readonly ecm?: boolean;
  };
  readonly sensors: readonly SensorSpec[];
};

type SensorOptions = { readonly ambient?: number; readonly wear?: number; readonly heated?: boolean };

/** A temperature that follows the load and the ambient. */
export const temperature = (
  name: string,
  base: number,
  load: number,
  lagSeconds: number,
  { ambient = 0.4, ...rest }: SensorOptions = {},
): SensorSpec => ({ name, unit: 'Cel', range: [0, 150], base, load, lagSeconds, ambient, noise: 0.25, ...rest });
/** A temperature of a heated part. */
export const heated = (name: string, base: number, load: number, lagSeconds: number, ambient: number): SensorSpec =>
  temperature(name, base, load, lagSeconds, { ambient, heated: true });
/** A vibration that follows load and wear at once. */
export const vibration = (name: string, base: number, load: number): SensorSpec => ({
  name,
  unit: 'mm/s',
  range: [0, 30],
  base,
  load,
  lagSeconds: 20,
  wear: 3.2,
  noise: 0.06,
});
/** Motor current, which follows the electrical power. */
export const current = (running: number): SensorSpec => ({
  name: 'MotorCurrent',
  unit: 'A',
  range: [0, Math.ceil(running * 2)],
  base: 0,
  power: running,
  noise: running * 0.012,
});

/** A stamping press. */
export const press = (number: number, runKw: number, boundary: boolean): MachineSpec => ({
  path: `body/press-line/press-${number}`,
  kind: 'stamping-press',
  en: `Stamping press ${number}`,
  zh: `${number}号冲压机`,
  runKw,
  idleKw: runKw * 0.28,
  standbyKw: runKw * 0.06,
  cycleSeconds: 6,
  piecesPerCycle: 1,
  scrapShare: 0.008,
  coefficient: 1,
  boundary,
  warmUp: 0.35,
  toolHours: 0,
  air: 0.9,
  heat: 0,
  meter:
    number === 2
      ? { unit: 'kW.h', type: 'Double', start: 48_210 }
      : { unit: 'kW.h', type: 'Double', start: 812_345.6, ecm: true },
  sensors: [
    temperature('OilTemperature', 32, 24, 2400, { wear: 2 }),
    temperature('BearingTemperature', 30, 18, 1500, { wear: 9 }),
    vibration('BearingVibration', 0.5, 2.1),
    { name: 'HydraulicPressure', unit: 'bar', range: [0, 300], base: 20, load: 165, lagSeconds: 10, noise: 1.6 },
    current(runKw * 1.9),
    { name: 'RamForce', unit: 'kN', range: [0, 4000], base: 0, load: 1850, lagSeconds: 10, noise: 22 },
  ],
});

/** A machining centre. */
export const cnc = (number: number, runKw: number, meter: MachineSpec['meter']): MachineSpec => ({
  path: `machining/cnc-line/cnc-${number}`,
  kind: 'machining-centre',
  en: `CNC machining centre ${number}`,
  zh: `${number}号加工中心`,
  runKw,
  idleKw: runKw * 0.35,
  standbyKw: runKw * 0.08,
  cycleSeconds: 95,
  piecesPerCycle: 1,
  scrapShare: 0.012,
  coefficient: 1,
  boundary: false,
  warmUp: 0.4,
  toolHours: 14,
  air: 0.5,
  heat: 3,
  meter,
  sensors: [
    temperature('SpindleTemperature', 27, 26, 1200, { wear: 9 }),
    vibration('SpindleVibration', 0.25, 1.4),
    { name: 'SpindleLoad', unit: '%', range: [0, 150], base: 3, load: 62, lagSeconds: 5, wear: 5, noise: 1.3 },
    temperature('CoolantTemperature', 21, 7, 5400, { wear: 1.5 }),
    { name: 'CoolantPressure', unit: 'bar', range: [0, 80], base: 1, load: 38, lagSeconds: 10, noise: 0.5 },
    current(runKw * 1.8),
  ],
});

/** An injection moulding machine. */
export const moulding = (number: number, runKw: number, boundary: boolean): MachineSpec => ({
  path: `plastics/moulding-line/imm-${number}`,
  kind: 'injection-moulding',
  en: `Injection moulding machine ${number}`,
  zh: `${number}号注塑机`,
  runKw,
  idleKw: runKw * 0.42,
  standbyKw: runKw * 0.1,
  cycleSeconds: 28,
  piecesPerCycle: 4,
  scrapShare: 0.015,
  coefficient: 0.5,
  boundary,
  warmUp: 0.85,
  toolHours: 0,
  air: 0.3,
  heat: 14,
  meter: { unit: 'kW.h', type: 'Float', start: 15_402.5 * number },
  sensors: [
    heated('BarrelTemperature', 60, 82, 3000, 0.1),
    heated('MouldTemperature', 24, 34, 1800, 0.3),
    { name: 'InjectionPressure', unit: 'bar', range: [0, 2000], base: 30, load: 1180, lagSeconds: 10, noise: 11 },
    { name: 'CushionPosition', unit: 'mm', range: [0, 60], base: 4, load: 3.5, lagSeconds: 15, noise: 0.12 },
    temperature('HydraulicOilTemperature', 29, 19, 3600, { wear: 3 }),
    vibration('PumpVibration', 0.4, 1.5),
  ],
});

/** An air compressor of a capacity in Nm³/min; its load is the air that is asked of it. */
export const compressor = (number: number, runKw: number, capacity: number): MachineSpec => ({
  path: `utilities/media/compressor-${number}`,
  kind: 'compressor',
  en: `Air compressor ${number}`,
  zh: `${number}号空压机`,
  runKw,
  idleKw: runKw * 0.22,
  standbyKw: runKw * 0.05,
  cycleSeconds: 0,
  piecesPerCycle: 0,
  scrapShare: 0,
  coefficient: 1,
  boundary: false,
  warmUp: 0,
  toolHours: 0,
  air: 0,
  heat: 0,
  meter: { unit: 'kW.h', type: 'Double', start: 1_204_880.25 * number },
  sensors: [
    { name: 'AirFlow', unit: 'm3/min', range: [0, 12], base: 0.05, load: capacity, lagSeconds: 5, noise: 0.06 },
    {
      name: 'DischargePressure',
      unit: 'bar',
      range: [0, 10],
      base: 7.4,
      load: -0.55,
      lagSeconds: 60,
      leak: -0.2,
      noise: 0.03,
    },
    temperature('DischargeTemperature', 48, 33, 900, { ambient: 0.7 }),
    temperature('OilTemperature', 40, 30, 1500, { ambient: 0.6, wear: 6 }),
    vibration('BearingVibration', 0.8, 1.8),
    current(runKw * 1.75),
  ],
});
