import { appendFile, writeFile } from 'node:fs/promises';
import type { Logger } from '../../broker/contract/deps.ts';
import { describeError } from '../../broker/contract/error.ts';
import { DEMO_NAMESPACE, demoMachines } from './demo-plant.ts';
import { createEcmMeters, type EcmMeter } from './energy-consumption-model.ts';
import { BAD_SENSOR } from './history.ts';
import { faultClass, faultText, type Fault } from './model/fault.ts';
import { machineSpecs } from './model/machine-spec.ts';
import { PlantModel } from './model/plant-model.ts';
import { openPlantServer, type PlantNode } from './plant-server.ts';

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

/** Serves the demo plant over OPC UA. Speed 1 follows the clock; a liveFrom in the past is caught up first. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { log, now, speed } = options;
  const model = new PlantModel(options);
  model.advance(options.liveFrom);
  const server = await openPlantServer({
    ...options,
    namespaceUri: DEMO_NAMESPACE,
    applicationName: 'Joulegate demo plant',
  });
  const ecmMeters = createEcmMeters(server);
  const machines = demoMachines.map(({ equipment, tags }, index) => ({
    nodes: tags.map((entry) => server.addTag(equipment.path, entry.tag, entry.dataType)),
    ecm: machineSpecs[index]?.meter.ecm === true ? ecmMeters(equipment.path) : null,
  }));
  const truth = new GroundTruth(options.faults, options.groundTruthFile, log);
  await truth.open();
  const startedAt = now();
  const wanted = (): number => (speed === 1 ? now() : options.liveFrom + (now() - startedAt) * speed);
  const stepMs = Math.min(MAX_STEP_MS, TICK_MS * Math.max(1, speed));
  const stop = new AbortController();

  const serve = (): void => {
    for (let machine = 0; machine < machines.length; machine += 1) {
      const known = machines[machine];
      if (known !== undefined) serveMachine(model, machine, known.nodes, known.ecm);
    }
    truth.advance(model.at);
  };
  serve();
  const running = (async () => {
    while (!stop.signal.aborted) {
      const goal = wanted();
      let steps = 0;
      while (model.at + stepMs <= goal && steps < STEPS_PER_TURN) {
        model.advance(model.at + stepMs);
        serve();
        steps += 1;
      }
      const behind = model.at + stepMs <= goal;
      await pause(behind ? 20 : Math.max(20, Math.min(TICK_MS, stepMs / speed)), stop.signal);
    }
  })();
  let closed = false;
  return {
    endpoint: server.endpoint,
    port: server.port,
    get plantTime() {
      return model.at;
    },
    [Symbol.asyncDispose]: async () => {
      if (closed) return;
      closed = true;
      stop.abort();
      await running;
      await truth.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

function serveMachine(model: PlantModel, machine: number, nodes: readonly PlantNode[], ecm: EcmMeter | null): void {
  const at = model.at + model.clockOffset(machine);
  const tags = demoMachines[machine]?.tags ?? [];
  for (let index = 0; index < nodes.length; index += 1) {
    const entry = tags[index];
    if (entry === undefined) continue;
    const bad = entry.tag.role === 'process' && model.isBad(machine, entry.tag.name);
    nodes[index]?.set(bad ? null : entry.read(model, machine), at, bad ? BAD_SENSOR : 0);
  }
  const factor = machineSpecs[machine]?.meter.unit === 'W.h' ? 1 : 1000;
  ecm?.(model.meter(machine) * factor, model.powerKw(machine) * 1000, at);
}

/** Writes each fault when it begins and when it ends, so that a detector can be judged. */
class GroundTruth {
  readonly #faults: readonly Fault[];
  readonly #file: string | null;
  readonly #log: Logger;
  readonly #begun = new Set<string>();
  readonly #ended = new Set<string>();
  #writing: Promise<void> = Promise.resolve();

  constructor(faults: readonly Fault[], file: string | null, log: Logger) {
    this.#faults = faults;
    this.#file = file;
    this.#log = log;
  }

  async open(): Promise<void> {
    if (this.#file !== null) await writeFile(this.#file, '', { flag: 'a' });
  }

  advance(at: number): void {
    for (const fault of this.#faults) {
      if (at >= fault.from && !this.#begun.has(fault.id)) this.#note('begin', fault, at, this.#begun);
      if (at >= fault.to && !this.#ended.has(fault.id)) this.#note('end', fault, at, this.#ended);
    }
  }

  async close(): Promise<void> {
    await this.#writing;
  }

  #note(event: 'begin' | 'end', fault: Fault, at: number, noted: Set<string>): void {
    noted.add(fault.id);
    if (this.#file === null) return;
    const line = JSON.stringify({
      event,
      at: new Date(at).toISOString(),
      class: faultClass(fault.kind),
      description: faultText[fault.kind],
      ...fault,
    });
    const file = this.#file;
    this.#writing = this.#writing
      .then(() => appendFile(file, `${line}\n`))
      .catch((error: unknown) => this.#log.warn({ file, err: describeError(error) }, 'ground truth cannot be written'));
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
