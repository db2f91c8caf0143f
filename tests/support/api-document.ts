import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedStore } from '../../scoring/store/embedded/embedded-store.ts';
import { ask, createPlant, startTestApi } from './api-plant.ts';
import { renderApiTypes, type OpenApi } from './api-types.ts';

/** The types of the console's client as the API describes itself now. */
export async function apiTypes(): Promise<string> {
  await using closing = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-openapi-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const store = closing.use(EmbeddedStore.open({ file: join(folder, 'store.db') }));
  const api = closing.use(
    await startTestApi({
      store,
      alerts: store,
      view: createPlant(store),
      reports: {
        lastMonth: () => '2026-10',
        render: () => Promise.reject(new Error('only the document is asked for')),
      },
    }),
  );
  return renderApiTypes(JSON.parse((await ask(api, '/openapi.json')).text) as OpenApi);
}
