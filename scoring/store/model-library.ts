import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import type { SavedAutoencoder } from '../anomaly/tensor/autoencoder-model.ts';
import type { TrainingMetrics } from '../anomaly/tensor/autoencoder-training.ts';
import type { Exclusion } from '../anomaly/training-set.ts';

/** What a trained model is made of and how good it is. */
export type ModelDraft = {
  readonly detector: 'autoencoder';
  readonly detectorVersion: 1;
  /** Ends of the first and the last row it was trained on, epoch ms. */
  readonly window: { readonly from: number; readonly to: number };
  /** SHA-256 over sensors, times and values of the training rows. */
  readonly dataHash: string;
  readonly backend: string;
  readonly trainingSet: { readonly used: number; readonly excluded: Readonly<Record<Exclusion, number>> };
  readonly metrics: TrainingMetrics & { readonly seconds: number };
  /** In the order of the model's columns; the last one is `Power` when the machine has a power tag. */
  readonly sensors: readonly string[];
  readonly rowIntervalMs: number;
  /** The machine reports no state: every row is judged, not only those of its running. */
  readonly stateless: boolean;
  readonly model: SavedAutoencoder;
};

/** A model file; it never changes once it is written. */
export type ModelFile = ModelDraft & {
  readonly format: 1;
  readonly path: string;
  readonly version: number;
  readonly createdAt: number;
};

export const modelStates = ['candidate', 'shadow', 'active', 'retired'] as const;
export type ModelState = (typeof modelStates)[number];

/** What a model did while it ran in shadow, beside the one in use. */
export type ShadowRecord = {
  readonly version: number;
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Rows of it above the limit, and times the limit was crossed upwards. */
  readonly above: number;
  readonly crossings: number;
  /** Rows that the model in use judged as well, and those of them where both said the same: above their limit, or not. */
  readonly compared?: number;
  readonly agreed?: number;
};

/** Who did what to a version, newest last. */
export type ModelStep = {
  readonly at: number;
  readonly by: string;
  readonly action: 'shadow' | 'activate' | 'rollback';
  readonly version: number;
};

type States = {
  readonly format: 1;
  readonly active: number | null;
  readonly shadow: number | null;
  readonly history: readonly ModelStep[];
};

export type ModelEntry = {
  readonly path: string;
  readonly version: number;
  readonly state: ModelState;
  readonly file: Omit<ModelFile, 'model'> | null;
  /** Why the file cannot be used. */
  readonly damage: string | null;
  readonly shadow: ShadowRecord | null;
};

export type ModelsInUse = {
  readonly active: ModelFile | null;
  readonly shadow: ModelFile | null;
  /** Versions that should run but cannot be used. */
  readonly damaged: readonly { readonly version: number; readonly reason: string }[];
};

/** Shadow rows before a model may be activated without force: half a day of minutes. */
export const LEAST_SHADOW_ROWS = 720;
const NO_STATES: States = { format: 1, active: null, shadow: null, history: [] };

/**
 * Trained models of all machines, version by version: `<folder>/<machine>/<version>.json` beside `states.json`, which says which
 * one is in use. Every file is written aside, synced and put in place in one step, so a crash leaves the old or the new.
 */
export class ModelLibrary {
  readonly #folder: string;
  readonly #now: () => number;

  /** `folder`: below the models folder of scoring. */
  constructor(folder: string, now: () => number) {
    this.#folder = folder;
    this.#now = now;
  }

  /** Machines that have a model. */
  async paths(): Promise<readonly string[]> {
    return (await namesIn(this.#folder)).map(decodeURIComponent).sort();
  }

  /** All versions of a machine, oldest first. */
  async list(path: string): Promise<readonly ModelEntry[]> {
    const states = await this.#states(path);
    const entries: ModelEntry[] = [];
    for (const version of await this.#versions(path)) {
      const shadow = await this.#shadowRecord(path, version);
      const entry = { path, version, state: stateOf(states, version), shadow };
      try {
        const { model: _, ...file } = await this.read(path, version);
        entries.push({ ...entry, file, damage: null });
      } catch (error) {
        entries.push({ ...entry, file: null, damage: describeError(error) });
      }
    }
    return entries;
  }

  /** Keeps a model as a new version, a candidate; on disk when it resolves. */
  async add(path: string, draft: ModelDraft): Promise<ModelFile> {
    const folder = this.#folderOf(path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (let version = ((await this.#versions(path)).at(-1) ?? 0) + 1; ; version += 1) {
      const file: ModelFile = { format: 1, path, version, createdAt: this.#now(), ...draft };
      const body = JSON.stringify(file);
      const text = `{"sha256":"${sha256(body)}","body":${body}}\n`;
      // Another process may have taken the number meanwhile.
      if (await putNew(join(folder, fileName(version)), text)) return file;
    }
  }

  /** @throws JoulegateError NOT_FOUND, or STORE_FAILED when the file is damaged or of another format. */
  async read(path: string, version: number): Promise<ModelFile> {
    const name = join(this.#folderOf(path), fileName(version));
    const text = await textOf(name);
    if (text === null) throw new JoulegateError('NOT_FOUND', `there is no model ${version} of "${path}" (${name})`);
    try {
      const { sha256: expected, body } = JSON.parse(text) as { sha256: string; body: ModelFile };
      if (sha256(JSON.stringify(body)) !== expected) throw new Error('its checksum does not hold');
      if (body.format !== 1) throw new Error(`its format is ${String(body.format)}, this release reads 1`);
      return body;
    } catch (error) {
      throw new JoulegateError(
        'STORE_FAILED',
        `model file ${name} cannot be used: ${describeError(error)}; train anew`,
        {
          cause: error,
        },
      );
    }
  }

  /** Lets a candidate run beside the model in use, in place of an earlier one that did. */
  async shadow(path: string, version: number, by: string): Promise<void> {
    await this.read(path, version);
    await this.#change(path, (states) => ({
      ...states,
      shadow: version,
      ...step(states, this.#now(), by, 'shadow', version),
    }));
  }

  /**
   * Takes a version into use; the one before it retires.
   * @throws JoulegateError QUERY_INVALID when it has not run in shadow for long enough and `force` is not set.
   */
  async activate(path: string, version: number, by: string, force = false): Promise<void> {
    await this.read(path, version);
    const rows = (await this.#shadowRecord(path, version))?.rows ?? 0;
    const wasInUse = (await this.#states(path)).history.some(
      (one) => one.version === version && one.action !== 'shadow',
    );
    if (!force && !wasInUse && rows < LEAST_SHADOW_ROWS) {
      throw new JoulegateError(
        'QUERY_INVALID',
        `model ${version} of "${path}" has run in shadow for ${rows} rows, ${LEAST_SHADOW_ROWS} are needed; let scoring run on, or force it`,
      );
    }
    await this.#change(path, (states) => ({
      ...states,
      active: version,
      shadow: states.shadow === version ? null : states.shadow,
      ...step(states, this.#now(), by, 'activate', version),
    }));
  }

  /** Takes the version that was in use before back into use; its number. @throws JoulegateError NOT_FOUND when there is none. */
  async rollback(path: string, by: string): Promise<number> {
    const states = await this.#states(path);
    for (const version of earlier(states)) {
      const usable = await this.read(path, version).then(
        () => true,
        () => false,
      );
      if (!usable) continue;
      await this.#change(path, (now) => ({
        ...now,
        active: version,
        ...step(now, this.#now(), by, 'rollback', version),
      }));
      return version;
    }
    throw new JoulegateError('NOT_FOUND', `no earlier model of "${path}" was in use that could be taken back`);
  }

  /** What runs: the active version, or the newest earlier one that is whole when its file is damaged. */
  async inUse(path: string): Promise<ModelsInUse> {
    const states = await this.#states(path);
    const damaged: { version: number; reason: string }[] = [];
    const whole = async (version: number): Promise<ModelFile | null> => {
      try {
        return await this.read(path, version);
      } catch (error) {
        damaged.push({ version, reason: describeError(error) });
        return null;
      }
    };
    let active: ModelFile | null = null;
    for (const version of states.active === null ? [] : [states.active, ...earlier(states)]) {
      active = await whole(version);
      if (active !== null) break;
    }
    return { active, shadow: states.shadow === null ? null : await whole(states.shadow), damaged };
  }

  /** Keeps what a version did in shadow. */
  async noteShadow(path: string, record: ShadowRecord): Promise<void> {
    await putFile(join(this.#folderOf(path), `shadow-${record.version}.json`), `${JSON.stringify(record)}\n`);
  }

  #folderOf(path: string): string {
    return join(this.#folder, encodeURIComponent(path));
  }

  async #versions(path: string): Promise<readonly number[]> {
    return (await namesIn(this.#folderOf(path)))
      .flatMap((name) => /^(\d{4,})\.json$/.exec(name)?.slice(1) ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  async #shadowRecord(path: string, version: number): Promise<ShadowRecord | null> {
    return parseOr(await textOf(join(this.#folderOf(path), `shadow-${version}.json`)), null);
  }

  async #states(path: string): Promise<States> {
    const name = join(this.#folderOf(path), 'states.json');
    const text = await textOf(name);
    if (text === null) return NO_STATES;
    const states = parseOr<Partial<States>>(text, {});
    if (states.format !== 1 || !Array.isArray(states.history)) {
      throw new JoulegateError(
        'STORE_FAILED',
        `${name} cannot be read; restore it or remove it and activate a model anew`,
      );
    }
    return states as States;
  }

  async #change(path: string, change: (states: States) => States): Promise<void> {
    const text = `${JSON.stringify(change(await this.#states(path)), null, 1)}\n`;
    await putFile(join(this.#folderOf(path), 'states.json'), text);
  }
}

const fileName = (version: number): string => `${String(version).padStart(4, '0')}.json`;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function stateOf(states: States, version: number): ModelState {
  if (states.active === version) return 'active';
  if (states.shadow === version) return 'shadow';
  return states.history.some((one) => one.version === version) ? 'retired' : 'candidate';
}

/** Versions that were in use before the active one, the latest first, each once. */
function earlier(states: States): readonly number[] {
  const used = states.history.filter(({ action }) => action !== 'shadow').map(({ version }) => version);
  // What was rolled back from is not what one goes back to.
  const stack: number[] = [];
  for (const version of used) {
    const at = stack.indexOf(version);
    if (at !== -1) stack.length = at;
    stack.push(version);
  }
  return stack.filter((version) => version !== states.active).reverse();
}

const step = (states: States, at: number, by: string, action: ModelStep['action'], version: number) => ({
  history: [...states.history, { at, by, action, version }],
});

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseOr<Value>(text: string | null, otherwise: Value): Value {
  try {
    return text === null ? otherwise : (JSON.parse(text) as Value);
  } catch {
    return otherwise;
  }
}

async function writeSynced(file: string, text: string): Promise<string> {
  const draft = `${file}.${randomUUID()}.new`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return draft;
}

/** Replaces a file in one step. */
async function putFile(file: string, text: string): Promise<void> {
  await rename(await writeSynced(file, text), file);
  await syncFolder(join(file, '..'));
}

/** Puts a file in place unless there is one of that name; whether it did. */
async function putNew(file: string, text: string): Promise<boolean> {
  const draft = await writeSynced(file, text);
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(join(file, '..'));
  return true;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
