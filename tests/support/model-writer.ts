import { trainAutoencoder } from '../../scoring/anomaly/tensor/autoencoder-training.ts';
import { openBackend } from '../../scoring/anomaly/tensor/backend.ts';
import { ModelLibrary } from '../../scoring/store/model-library.ts';

/** Trains, saves and activates models until it is killed, one line after each step: `node model-writer.ts FOLDER PATH`. */
const [folder = '', path = ''] = process.argv.slice(2);
const library = new ModelLibrary(folder, Date.now);
const [first] = await library.list(path);
const { model, ...rest } = await library.read(path, first?.version ?? 1);
// Some megabytes, so that a save takes long enough to be killed in.
const heavy = { ...model, members: [{ sizes: [1], numbers: 'A'.repeat(4_000_000) }] };
const backend = await openBackend();
const rows = Array.from({ length: 1500 }, (_, index) =>
  Float64Array.from({ length: 4 }, (__, sensor) => Math.sin(index / (sensor + 7))),
);
for (;;) {
  process.stdout.write('training\n');
  trainAutoencoder(backend, rows, { steps: 40 });
  process.stdout.write('saving\n');
  const { version } = await library.add(path, { ...rest, model: heavy });
  process.stdout.write('activating\n');
  await library.activate(path, version, 'writer', true);
}
