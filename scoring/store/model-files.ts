import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../broker/contract/deps.ts';
import { describeError } from '../../broker/contract/error.ts';
import type { MachineModel } from '../anomaly/machine-model.ts';

const fileOf = (path: string): string => `${encodeURIComponent(path)}.json`;

/** The models in use, one JSON file per machine. A damaged file is named, left where it is and not used. */
export async function loadModels(folder: string, log: Logger): Promise<Map<string, MachineModel>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const models = new Map<string, MachineModel>();
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.json')) continue;
    try {
      const model = JSON.parse(await readFile(join(folder, name), 'utf8')) as MachineModel;
      if (model.version !== 1 || !Array.isArray(model.factor)) throw new Error('not a model of version 1');
      models.set(decodeURIComponent(name.slice(0, -'.json'.length)), model);
    } catch (error) {
      log.warn(
        { file: join(folder, name), err: describeError(error) },
        'model file cannot be read; the machine learns anew',
      );
    }
  }
  return models;
}

/** Puts a model in place in one step: a crash leaves the old file or the new one, never half of one. */
export async function saveModel(folder: string, path: string, model: MachineModel): Promise<void> {
  const file = join(folder, fileOf(path));
  await writeFile(`${file}.new`, JSON.stringify(model), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
