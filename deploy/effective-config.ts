import { dirname, isAbsolute, resolve } from 'node:path';
import { isScalar, visit } from 'yaml';
import { readYaml, type YamlSource } from './config/source.ts';
import { valueAt } from './config/schema-problems.ts';
import { writePrivateFile } from './data-dir.ts';
import { isLoopback } from './config/semantic.ts';

/** What `joulegate up` decides over the file it was given. */
export type Overrides = {
  readonly apiPort?: number;
  readonly openLoopback?: boolean;
  readonly mqttPort?: number;
  /** Real address of the broker once it listens. */
  readonly mqttUrl?: string;
  /** Endpoint for every OPC UA server of the file (demo). */
  readonly endpoint?: string;
  /** Base period for every target of the file (demo). */
  readonly basePeriod?: { readonly from: string; readonly to: string };
  readonly influx?: Readonly<Record<string, string>>;
};

const secretKeys = new Set(['username', 'password', 'token']);

/** Writes `file` with the overrides to `target`; comments and references to secrets stay, relative `file:` becomes absolute. */
export async function writeEffectiveConfig(file: string, target: string, overrides: Overrides): Promise<void> {
  const source = await readYaml(file);
  applyOverrides(source, overrides);
  absoluteReferences(source, dirname(resolve(file)));
  const head = `# Written by "joulegate up" from ${file}; the next start writes it anew.\n`;
  await writePrivateFile(target, head + source.document.toString({ lineWidth: 0 }));
}

function applyOverrides({ document, value }: YamlSource, overrides: Overrides): void {
  const { apiPort, openLoopback, mqttPort, mqttUrl, endpoint, basePeriod, influx } = overrides;
  const has = (section: string): boolean => valueAt(value, [section]) !== undefined;
  const set = (path: readonly (string | number)[], to: unknown): void => document.setIn(path, to);
  if (has('scoring')) {
    if (apiPort !== undefined) set(['scoring', 'api', 'port'], apiPort);
    if (openLoopback !== undefined) set(['scoring', 'api', 'openLoopback'], openLoopback);
    if (influx !== undefined) set(['scoring', 'influx'], document.createNode(influx));
    for (const index of listAt(value, ['scoring', 'targets']).keys()) {
      if (basePeriod !== undefined) set(['scoring', 'targets', index, 'basePeriod'], document.createNode(basePeriod));
    }
  }
  for (const index of listAt(value, ['gateway', 'servers']).keys()) {
    if (endpoint !== undefined) set(['gateway', 'servers', index, 'endpoint'], endpoint);
  }
  if (!has('broker')) return;
  if (mqttPort !== undefined) set(['broker', 'port'], mqttPort);
  for (const section of ['gateway', 'scoring'].filter(has)) {
    if (mqttUrl !== undefined && pointsAtOwnBroker(value, section)) set([section, 'mqtt', 'url'], mqttUrl);
  }
}

const listAt = (value: unknown, path: readonly string[]): readonly unknown[] => {
  const list = valueAt(value, path);
  return Array.isArray(list) ? list : [];
};

/** A client without an address, or with the configured one of the broker in the same file, means that broker. */
function pointsAtOwnBroker(value: unknown, section: string): boolean {
  const url = valueAt(value, [section, 'mqtt', 'url']);
  if (url === undefined) return true;
  const parsed = typeof url === 'string' ? URL.parse(url) : null;
  const port = valueAt(value, ['broker', 'port']) ?? 1883;
  return parsed !== null && isLoopback(parsed.hostname) && Number(parsed.port || 1883) === Number(port);
}

function absoluteReferences({ document }: YamlSource, baseDir: string): void {
  visit(document, {
    Pair: (_, pair) => {
      const { key, value } = pair;
      if (!isScalar(key) || !isScalar(value) || !secretKeys.has(String(key.value))) return;
      const name = typeof value.value === 'string' && value.value.startsWith('file:') ? value.value.slice(5) : null;
      if (name !== null && !isAbsolute(name)) value.value = `file:${resolve(baseDir, name)}`;
    },
  });
}
