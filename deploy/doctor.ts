import { constants, existsSync } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { arch, availableParallelism, freemem, platform, release, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import { openBackend } from '../scoring/anomaly/tensor/backend.ts';
import type { CommandContext } from './commands/context.ts';
import type { DoctorOptions } from './commands/doctor.ts';
import { loadPlantConfig } from './config/load.ts';
import type { PlantConfig } from './config/schema.ts';
import { openDataDir } from './data-dir.ts';
import { requireFreePort } from './free-port.ts';

/** `note` is worth knowing, `bad` must be mended before a start. */
type Check = { readonly name: string; readonly state: 'good' | 'note' | 'bad'; readonly text: string };

const GIB = 1024 ** 3;
const LITTLE_DISK_GIB = 2;

/** Looks at the machine, the data folder, the ports and the configuration. @throws JoulegateError INTERNAL when something is bad. */
export async function doctorCommand(options: DoctorOptions, context: CommandContext): Promise<void> {
  const checks: Check[] = [
    { name: 'version', state: 'good', text: `joulegate ${context.version}` },
    { name: 'node', state: 'good', text: `${process.version} (${process.execPath})` },
    {
      name: 'platform',
      state: 'good',
      text: `${platform()} ${release()} ${arch()}, ${availableParallelism()} cores, ${gib(freemem())} of ${gib(totalmem())} GiB memory free`,
    },
    await checkTensorFlow(),
    await checkData(options.data),
  ];
  const { check, config } = await checkConfig(options.config, context);
  if (check !== null) checks.push(check);
  checks.push(...(await checkPorts(config)));
  const bad = checks.filter(({ state }) => state === 'bad');
  if (options.json === true) context.stdout.write(`${JSON.stringify({ ok: bad.length === 0, checks })}\n`);
  else {
    const marks = { good: 'ok  ', note: 'note', bad: 'BAD ' } as const;
    for (const { name, state, text } of checks) context.stdout.write(`${marks[state]}  ${name.padEnd(14)}${text}\n`);
  }
  if (bad.length > 0) {
    throw new JoulegateError('INTERNAL', `doctor found ${bad.map(({ name }) => name).join(', ')} in a bad state`);
  }
}

const gib = (bytes: number): string => (bytes / GIB).toFixed(1);

async function checkTensorFlow(): Promise<Check> {
  const name = 'tensorflow';
  try {
    const { name: backend, version, refused } = await openBackend();
    const text = `backend ${backend}, TensorFlow.js ${version}`;
    const reasons = refused.map((one) => `${one.name} is ${one.reason}`).join('; ');
    return reasons === '' ? { name, state: 'good', text } : { name, state: 'note', text: `${text}; ${reasons}` };
  } catch (error) {
    return { name, state: 'note', text: `${describeError(error)}; autoencoders cannot be trained here` };
  }
}

async function checkData(folder: string): Promise<Check> {
  const name = 'data folder';
  try {
    const path = resolve(folder);
    const existing = nearestExisting(path);
    if (existing === path) await openDataDir(folder);
    else await access(existing, constants.W_OK);
    if (!(await stat(existing)).isDirectory()) throw new Error(`${existing} is not a folder`);
    const { bavail, bsize } = await statfs(existing);
    const free = (bavail * bsize) / GIB;
    return free < LITTLE_DISK_GIB
      ? { name, state: 'note', text: `${path} has only ${free.toFixed(1)} GiB free; the outbox alone may take 1 GiB` }
      : {
          name,
          state: 'good',
          text: `${path} ${existing === path ? 'can be written' : 'can be created'}, ${free.toFixed(1)} GiB free`,
        };
  } catch (error) {
    return { name, state: 'bad', text: describeError(error) };
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

async function checkConfig(
  file: string | undefined,
  { env }: CommandContext,
): Promise<{ readonly check: Check | null; readonly config: PlantConfig | null }> {
  const name = 'configuration';
  if (file === undefined) return { check: null, config: null };
  const warnings: string[] = [];
  try {
    const config = await loadPlantConfig(file, { env, onWarning: (text) => warnings.push(text) });
    return warnings.length === 0
      ? { check: { name, state: 'good', text: `${file} is right` }, config }
      : { check: { name, state: 'note', text: `${file} is right, but ${warnings.join('; ')}` }, config };
  } catch (error) {
    return { check: { name, state: 'bad', text: describeError(error) }, config: null };
  }
}

/** A taken port is only a note: it may well be ours. */
async function checkPorts(config: PlantConfig | null): Promise<Check[]> {
  const wanted = [
    {
      host: config?.broker?.host ?? '127.0.0.1',
      port: config?.broker?.port ?? 1883,
      purpose: 'MQTT broker',
      remedy: '--mqtt-port',
    },
    {
      host: config?.scoring?.api?.host ?? '127.0.0.1',
      port: config?.scoring?.api?.port ?? 8700,
      purpose: 'API and console',
      remedy: '--port',
    },
    ...(config === null
      ? [{ host: '127.0.0.1', port: 4840, purpose: 'OPC UA server of the demo plant', remedy: '--opcua-port' }]
      : []),
  ];
  return Promise.all(
    wanted.map(async (one): Promise<Check> => {
      const name = `port ${one.port}`;
      try {
        await requireFreePort(one);
        return { name, state: 'good', text: `free for the ${one.purpose}` };
      } catch (error) {
        return { name, state: 'note', text: `${describeError(error)} (unless it is Joulegate itself)` };
      }
    }),
  );
}
