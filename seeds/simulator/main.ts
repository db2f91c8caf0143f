import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../broker/contract/deps.ts';
import { DEMO_NAMESPACE, demoMachines, isEnergyMeterTag } from './demo-plant.ts';
import { createEcmMeters, type EcmMeter } from './energy-consumption-model.ts';
import { openGroundTruth } from './ground-truth.ts';
import { BAD_SENSOR } from './history.ts';
import type { Fault } from './model/fault.ts';
import { machineSpecs } from './model/machine-spec.ts';
import { PlantModel } from './model/plant-model.ts';
import { openPlantServer, type PlantNode, type PlantServer } from './plant-server.ts';

export type SimulatorOptions = {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly seed: number;
  /** Start of the model (epoch ms, multiple of 10 s); with the same start and seed it is the same plant. */
  readonly startAt: number;
  /** First instant that is served live. */
  readonly liveFrom: number;
  /** Plant seconds per second. */
  readonly speed: number;
  readonly faults: readonly Fault[];
  /** JSON lines with what was injected and when; null = none. */
  readonly groundTruthFile: string | null;
  readonly dataDir: string;
  /** Given: user `operator` may sign in with it, and anonymous clients only when the host is loopback. */
  readonly operatorPassword?: string;
  readonly log: Logger;
  readonly now: () => number;
};

export interface Simulator extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
  /** Instant the plant has reached, epoch ms. */
  readonly plantTime: number;
}

const TICK_MS = 1000;
/** Values are set at least this often in plant time, however fast the plant runs. */
const MAX_STEP_MS = 20_000;
/** Steps set in one go, so that the server can send in between. */
const STEPS_PER_TURN = 5;
/** Further behind than this, e.g. after the computer slept, the longest steps are taken. */
const FAR_BEHIND_MS = 300_000;
/** Break between two such goes. */
const TURN_MS = 20;
/** The past is run through in pieces of this length, so that the event loop stays alive. */
const SKIP_MS = 86_400_000;

/**
 * Serves the demo plant over OPC UA. Speed 1 follows the clock; a liveFrom in the past is caught up first.
 * @throws JoulegateError PORT_IN_USE.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { liveFrom, log, now, operatorPassword, speed } = options;
  const model = new PlantModel(options);
  for (let at = options.startAt; at < liveFrom; at += SKIP_MS) {
    model.advance(Math.min(at + SKIP_MS, liveFrom));
    await breathe();
  }
  await using opening = new AsyncDisposableStack();
  const server = opening.use(
    await openPlantServer({
      ...options,
      namespaceUri: DEMO_NAMESPACE,
      applicationName: 'Joulegate demo plant',
      ...(operatorPassword === undefined ? {} : { users: new Map([['operator', operatorPassword]]) }),
    }),
  );
  const machines = addMachines(server);
  const truth = opening.use(await openGroundTruth(options.faults, options.groundTruthFile, log));
  const startedAt = now();
  const wanted = (): number => (speed === 1 ? now() : liveFrom + (now() - startedAt) * speed);
  const stepMs = Math.min(MAX_STEP_MS, TICK_MS * Math.max(1, speed));
  const stop = new AbortController();

  const serve = (): void => {
    machines.forEach((nodes, machine) => serveMachine(model, machine, nodes));
    truth.advance(model.at);
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      for (let steps = 0; steps < STEPS_PER_TURN; steps += 1) {
        const behindMs = wanted() - model.at;
        if (behindMs < stepMs) break;
        model.advance(model.at + (behindMs > FAR_BEHIND_MS ? MAX_STEP_MS : stepMs));
        serve();
      }
      const untilNext = (model.at + stepMs - wanted()) / speed;
      await sleep(Math.min(TICK_MS, Math.max(TURN_MS, untilNext)), undefined, { signal: stop.signal }).catch(
        () => undefined,
      );
    }
  };
  serve();
  const running = run();
  opening.defer(async () => {
    stop.abort();
    await running;
  });
  const closing = opening.move();
  return {
    endpoint: server.endpoint,
    port: server.port,
    get plantTime() {
      return model.at;
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

type MachineNodes = {
  /** In the order of the machine's tags; null where the OPC 34100 meter serves the tag. */
  readonly tags: readonly (PlantNode | null)[];
  readonly ecm: EcmMeter | null;
};

function addMachines(server: PlantServer): readonly MachineNodes[] {
  const ecmMeters = createEcmMeters(server);
  return demoMachines.map(({ equipment, tags }, index) => {
    const spec = machineSpecs[index];
    return {
      tags: tags.map(({ tag, dataType }) =>
        tag.role === 'energy-counter' && spec !== undefined && isEnergyMeterTag(spec)
          ? null
          : server.addTag(equipment.path, tag, dataType),
      ),
      ecm: spec?.meter.ecm === true ? ecmMeters(equipment.path) : null,
    };
  });
}

function serveMachine(model: PlantModel, machine: number, nodes: MachineNodes): void {
  const at = model.at + model.clockOffset(machine);
  const tags = demoMachines[machine]?.tags ?? [];
  for (let index = 0; index < tags.length; index += 1) {
    const entry = tags[index];
    if (entry === undefined) continue;
    const isBad = model.isBad(machine, entry.tag.name);
    nodes.tags[index]?.set(isBad ? null : entry.read(model, machine), at, isBad ? BAD_SENSOR : 0);
  }
  if (nodes.ecm === null) return;
  const factor = machineSpecs[machine]?.meter.unit === 'W.h' ? 1 : 1000;
  const energyStatus = model.isBad(machine, 'EnergyTotal') ? BAD_SENSOR : 0;
  nodes.ecm(model.meter(machine) * factor, model.powerKw(machine) * 1000, at, energyStatus);
}
