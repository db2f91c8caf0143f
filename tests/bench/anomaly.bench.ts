/**
 * What scoring costs: machines of 8 sensors at one row a second, judged by the default detector, by a trained autoencoder as it runs, and by
 * the same networks on each tensor backend, beside a bare loop of float32 arithmetic as the limit.
 *
 *   npm run bench:anomaly [-- --rounds 3]
 *
 * A second of plant is one burst of a row of every machine; the latency of a row is its wait in that burst. Prints tables and a JSON line.
 */
import { parseArgs } from 'node:util';
import { createDefaultDetector } from '../../scoring/anomaly/default-detector.ts';
import type { Detector } from '../../scoring/anomaly/detector.ts';
import { Autoencoder } from '../../scoring/anomaly/tensor/autoencoder.ts';
import type { SavedAutoencoder } from '../../scoring/anomaly/tensor/autoencoder-model.ts';
import { backendNames, openBackend, type TensorBackend } from '../../scoring/anomaly/tensor/backend.ts';
import {
  createLayers,
  createRandom,
  forward,
  loadNetwork,
  type Network,
} from '../../scoring/anomaly/tensor/network.ts';
import { forwardBatch } from '../../scoring/anomaly/tensor/tensor-network.ts';

const { values: args } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const ROUNDS = Number(args.rounds);
const SENSORS = 8;
const TRAINING_ROWS = 7200;
const FLEETS = [1, 100, 1000];
/** Rows of each measurement; at least 20 bursts. */
const ROWS = 40_000;

type Cost = {
  readonly what: string;
  readonly machines: number;
  readonly 'us/row': number;
  readonly 'rows/s': number;
  /** Of one core, at one row of every machine a second. */
  readonly 'CPU % at 1 Hz': number;
  readonly 'p99 row to score ms': number;
  readonly 'KB/machine': number | null;
};

const random = createRandom(1);
/** Eight sensors that follow a load. */
function rowAt(index: number): Float64Array {
  const load = Math.sin(index / 50) + 0.5 * Math.sin(index / 7);
  return Float64Array.from({ length: SENSORS }, (_, sensor) => 20 + (sensor + 1) * load + random());
}
const training = Array.from({ length: TRAINING_ROWS }, (_, index) => rowAt(index));
const fresh = Array.from({ length: 1000 }, (_, index) => rowAt(TRAINING_ROWS + index));
const rowOf = (index: number): Float64Array => fresh[index % fresh.length] ?? new Float64Array(SENSORS);
const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

/** Judges bursts of one row of each machine. `judge` takes the number of the machine and the row. */
function measure(
  what: string,
  machines: number,
  judge: (machine: number, row: Float64Array) => void,
  bytes: number | null,
): Cost {
  const bursts = Math.max(20, Math.ceil(ROWS / machines));
  for (let row = 0; row < 2000; row += 1) judge(row % machines, rowOf(row));
  const perRow: number[] = [];
  const waits: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    let total = 0;
    for (let burst = 0; burst < bursts; burst += 1) {
      const begin = performance.now();
      for (let machine = 0; machine < machines; machine += 1) {
        judge(machine, rowOf(burst + machine));
        waits.push(performance.now() - begin);
      }
      total += performance.now() - begin;
    }
    perRow.push((total / (bursts * machines)) * 1000);
  }
  return costOf(what, machines, median(perRow), waits, bytes);
}

function costOf(what: string, machines: number, microseconds: number, waits: number[], bytes: number | null): Cost {
  waits.sort((a, b) => a - b);
  return {
    what,
    machines,
    'us/row': round(microseconds, 2),
    'rows/s': Math.round(1e6 / microseconds),
    'CPU % at 1 Hz': round((microseconds * machines) / 1e4, 3),
    'p99 row to score ms': round(waits[Math.floor(waits.length * 0.99)] ?? Number.NaN, 3),
    'KB/machine': bytes === null ? null : Math.round(bytes / 1024),
  };
}
const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** As many detectors like this one, and the heap each takes. */
function fleetOf(
  count: number,
  make: () => Detector,
): { readonly detectors: readonly Detector[]; readonly bytes: number } {
  const used = (): number => {
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const detectors = Array.from({ length: count }, make);
  return { detectors, bytes: (used() - before) / count };
}

/** All rows of a burst in one batch through the networks of one model; a row waits for the whole batch. */
function measureBatches(backend: TensorBackend, networks: readonly Network[], machines: number): Cost {
  const width = networks[0]?.sizes[0] ?? SENSORS;
  const inputs = Float32Array.from({ length: machines * width }, () => random());
  const times: number[] = [];
  const bursts = Math.max(10, Math.ceil(2000 / machines));
  for (let burst = 0; burst < bursts; burst += 1) {
    const begin = performance.now();
    for (const network of networks) forwardBatch(backend, network, inputs);
    times.push(performance.now() - begin);
  }
  const burst = median(times);
  return costOf(`networks in a batch, ${backend.name}`, machines, (burst / machines) * 1000, times, null);
}

const costs: Cost[] = [];
const began = performance.now();
const model = createDefaultDetector({ sensors: SENSORS });
model.fit(training);
const fitSeconds = (performance.now() - began) / 1000;
const saved = JSON.stringify(model.save());

const trainings: { readonly backend: string; readonly seconds: number; readonly refused: string }[] = [];
const backends: TensorBackend[] = [];
let autoencoder: SavedAutoencoder | null = null;
for (const name of backendNames) {
  const backend = await openBackend([name]).catch((error: unknown) => {
    trainings.push({ backend: name, seconds: Number.NaN, refused: String(error).slice(0, 300) });
    return null;
  });
  if (backend === null) continue;
  backends.push(backend);
  const start = performance.now();
  const detector = new Autoencoder(backend);
  detector.fit(training);
  trainings.push({ backend: name, seconds: round((performance.now() - start) / 1000, 1), refused: '' });
  autoencoder ??= detector.save() as SavedAutoencoder;
}
if (autoencoder === null) throw new Error('no tensor backend works here');
const network = JSON.stringify(autoencoder);
const networks = autoencoder.members.map(loadNetwork);

for (const machines of FLEETS) {
  const layers = networks.map(({ sizes }) => createLayers(sizes));
  costs.push(
    measure(
      'bare float32 networks',
      machines,
      (_, row) => {
        for (const [member, one] of networks.entries()) {
          layers[member]?.[0]?.set(row);
          forward(one, layers[member] ?? []);
        }
      },
      null,
    ),
  );
  for (const [what, make] of [
    ['autoencoder as it runs', () => load(new Autoencoder(), network)],
    ['default detector', () => load(createDefaultDetector({ sensors: SENSORS }), saved)],
  ] as const) {
    const { detectors, bytes: measured } = fleetOf(machines, make);
    const bytes = machines < 100 ? null : measured;
    costs.push(measure(what, machines, (machine, row) => void detectors[machine]?.next(row), bytes));
  }
  for (const backend of backends) {
    await backend.tf.setBackend(backend.name === 'tfjs-node' ? 'tensorflow' : backend.name);
    costs.push(measureBatches(backend, networks, machines));
  }
}

function load(detector: Detector, text: string): Detector {
  detector.load(JSON.parse(text));
  return detector;
}

console.table(trainings);
console.log(
  `default detector: fit on ${TRAINING_ROWS} rows in ${fitSeconds.toFixed(2)} s; saved ${Math.round(saved.length / 1024)} KB`,
);
console.log(
  `autoencoder: ${networks.length} networks ${networks[0]?.sizes.join('-')}; saved ${Math.round(network.length / 1024)} KB`,
);
console.table(costs);
console.log(JSON.stringify({ bench: 'anomaly', sensors: SENSORS, rounds: ROUNDS, fitSeconds, trainings, costs }));
