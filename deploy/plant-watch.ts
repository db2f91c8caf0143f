import { unwatchFile, watchFile, type StatsListener } from 'node:fs';
import { describeError, type JoulegateError } from '../broker/contract/error.ts';
import type { Logger } from '../broker/contract/deps.ts';
import { loadPlantConfig, type LoadOptions } from './config/load.ts';
import type { PlantConfig } from './config/schema.ts';

/** Looked at so often; asking works on mounted folders too, where notifications do not. */
const INTERVAL_MS = 1000;

/**
 * Reads the gateway section of plant.yaml anew whenever the file changes. A file with a mistake is
 * refused as a whole and named in the log; what runs goes on as it was.
 */
export function watchPlantFile(
  file: string,
  log: Logger,
  env: LoadOptions['env'],
  apply: (config: PlantConfig) => Promise<void>,
): Disposable {
  let running = Promise.resolve();
  const read = async (before: Promise<void>): Promise<void> => {
    await before;
    try {
      await apply(await loadPlantConfig(file, { env, sections: ['gateway'] }));
    } catch (error) {
      const code = (error as Partial<JoulegateError>).code ?? 'CONFIG_INVALID';
      log.error(
        { code, file, err: describeError(error) },
        'changed configuration is refused; the old one stays in force',
      );
    }
  };
  const onChange: StatsListener = (now, before) => {
    if (now.mtimeMs !== before.mtimeMs && now.size > 0) running = read(running);
  };
  watchFile(file, { interval: INTERVAL_MS, persistent: false }, onChange);
  return {
    [Symbol.dispose]: () => {
      unwatchFile(file, onChange);
    },
  };
}
