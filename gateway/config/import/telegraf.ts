import { parse } from 'smol-toml';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';
import { DraftBuilder, type ServerSettings } from './draft-builder.ts';
import { readNodeId, type ReadNodeId } from './imported-tag.ts';
import { NoteList, type ImportOptions, type ImportResult } from './import-result.ts';
import { goDurationMs } from './go-duration.ts';

type Table = Record<string, unknown>;

/** Settings of the plugins that our plant file has no key for. */
const notCarried = [
  'browse',
  'events',
  'event_streaming_interval',
  'client_trace',
  'optional_fields',
  'timestamp',
  'timestamp_format',
  'workarounds',
  'request_timeout',
  'connect_timeout',
  'session_timeout',
  'remote_certificate',
] as const;

/**
 * Reads the `inputs.opcua` and `inputs.opcua_listener` sections of a telegraf file.
 * @throws JoulegateError CONFIG_INVALID when the file is no TOML or has no such section.
 */
export function readTelegraf(text: string, options: ImportOptions): ImportResult {
  let root: Table;
  try {
    root = parse(text);
  } catch (error) {
    throw new JoulegateError('CONFIG_INVALID', `the file is no TOML: ${describeError(error)}`, { cause: error });
  }
  const inputs = tableOf(root['inputs']);
  const notes = new NoteList();
  const builder = new DraftBuilder(notes);
  const plugins = Object.keys(inputs).filter((name) => name === 'opcua' || name === 'opcua_listener');
  const sections = plugins.flatMap((plugin) =>
    tablesOf(inputs[plugin]).map((section, index) => ({ plugin, section, at: `inputs.${plugin}[${index}]` })),
  );
  if (sections.length === 0) {
    throw new JoulegateError('CONFIG_INVALID', 'the file has no section [[inputs.opcua]] or [[inputs.opcua_listener]]');
  }
  for (const { plugin, section, at } of sections) {
    if (typeof section['endpoint'] !== 'string') notes.add(at, 'has no endpoint and was left out', 'high');
    else readSection({ plugin, section, at, notes, builder, options, agent: tableOf(root['agent']) });
  }
  return { draft: builder.build(options, 'a telegraf file'), notes: notes.list() };
}

type Context = {
  readonly plugin: 'opcua' | 'opcua_listener';
  readonly section: Table;
  readonly agent: Table;
  readonly at: string;
  readonly notes: NoteList;
  readonly builder: DraftBuilder;
  readonly options: ImportOptions;
};

function readSection(context: Context): void {
  const { plugin, section, agent, at, notes, builder } = context;
  const server = builder.server(settingsOf(section, at, notes), textOf(section['name_override']) || undefined);
  for (const key of notCarried) {
    if (section[key] === undefined) continue;
    notes.add(
      `${at}.${key}`,
      key === 'browse'
        ? 'browse globs are not carried: joulegate discover proposes the tags of a whole server'
        : `${key} is not carried`,
      key === 'browse' || key === 'events' ? 'high' : 'low',
    );
  }
  const interval = goDurationMs(section['interval'] ?? agent['interval']);
  const subscription = goDurationMs(section['subscription_interval']);
  const defaults = {
    samplingMs: plugin === 'opcua' ? interval : goDurationMs(section['sampling_interval']),
    publishingMs: plugin === 'opcua' ? interval : subscription,
  };
  tablesOf(section['nodes']).forEach((node, index) =>
    readNode({ ...context, server, node, group: {}, where: `${at}.nodes[${index}]`, defaults }),
  );
  tablesOf(section['group']).forEach((group, groupIndex) =>
    tablesOf(group['nodes']).forEach((node, index) =>
      readNode({
        ...context,
        server,
        node,
        group,
        where: `${at}.group[${groupIndex}].nodes[${index}]`,
        defaults: { ...defaults, samplingMs: goDurationMs(group['sampling_interval']) ?? defaults.samplingMs },
      }),
    ),
  );
}

function readNode(
  context: Context & {
    readonly server: string;
    readonly node: Table;
    readonly group: Table;
    readonly where: string;
    readonly defaults: { readonly samplingMs: number | undefined; readonly publishingMs: number | undefined };
  },
): void {
  const { node, group, where, defaults, notes, builder, server, section, options } = context;
  const namespaces = options.namespacesOf?.(textOf(section['endpoint']));
  const { nodeId, problem } = nodeIdOf(node, group, namespaces);
  if (problem !== null) notes.add(where, problem, 'high');
  const monitoring = tableOf(node['monitoring_params']);
  const filter = tableOf(monitoring['data_change_filter']);
  if (textOf(filter['deadband_type']) !== '' && textOf(filter['deadband_type']).toLowerCase() !== 'none') {
    notes.add(where, 'not carried: deadband, every change is sent');
  }
  if (monitoring['discard_oldest'] === false) notes.add(where, 'not carried: discard_oldest = false');
  const tags = { ...tableOf(group['default_tags']), ...tableOf(node['default_tags']) };
  const names = Object.keys(tags);
  if (names.length > 0)
    notes.add(
      where,
      `default_tags (${names.join(', ')}) are only used to place the tag; there are no free tags on values`,
    );
  const equipment = placeOf(tags, textOf(group['name']) || textOf(section['name']));
  const queueSize = monitoring['queue_size'];
  builder.add(server, equipment, {
    name: textOf(node['name']) || nodeId.replace(/^.*?[isgb]=/s, ''),
    nodeId,
    unit: textOf(tags['unit']) || null,
    context: equipment,
    samplingMs: goDurationMs(monitoring['sampling_interval']) ?? defaults.samplingMs,
    publishingMs: defaults.publishingMs,
    ...(typeof queueSize === 'number' && queueSize > 1 ? { queueSize } : {}),
    trigger: { status: 'status', statusvalue: 'status-value', statusvaluetimestamp: 'status-value-timestamp' }[
      textOf(filter['trigger']).toLowerCase()
    ],
    problem,
  });
}

/** Levels of the plant that the tags name, as ISA-95 orders them; else the name of the group. */
function placeOf(tags: Table, group: string): string[] {
  const levels = ['area', 'line', 'cell', 'machine', 'equipment', 'device'].flatMap((key) => {
    const value = textOf(tags[key]);
    return value === '' ? [] : [value];
  });
  return levels.length > 0 ? levels : group === '' ? [] : [group];
}

function nodeIdOf(node: Table, group: Table, namespaces: readonly string[] | undefined): ReadNodeId {
  const whole = textOf(node['id']);
  if (whole !== '') return readNodeId(whole, namespaces);
  const kind = textOf(node['identifier_type']) || textOf(group['identifier_type']) || 's';
  const given = node['identifier'];
  const identifier = typeof given === 'string' || typeof given === 'number' ? String(given) : '';
  if (identifier === '') return { nodeId: '', problem: 'the node has no identifier' };
  const uri = textOf(node['namespace_uri']) || textOf(group['namespace_uri']);
  if (uri !== '') return readNodeId(`nsu=${uri};${kind}=${identifier}`);
  const index = [node['namespace'], group['namespace']].find(
    (value) => typeof value === 'number' || (typeof value === 'string' && value !== ''),
  );
  return readNodeId(
    `ns=${typeof index === 'number' || typeof index === 'string' ? index : 0};${kind}=${identifier}`,
    namespaces,
  );
}

const policies: Readonly<Record<string, ServerSettings['securityPolicy']>> = {
  auto: 'best',
  none: 'None',
  basic256sha256: 'Basic256Sha256',
  aes128_sha256_rsaoaep: 'Aes128_Sha256_RsaOaep',
  aes256_sha256_rsapss: 'Aes256_Sha256_RsaPss',
};
const modes: Readonly<Record<string, ServerSettings['securityMode']>> = {
  auto: 'best',
  none: 'None',
  sign: 'Sign',
  signandencrypt: 'SignAndEncrypt',
};

function settingsOf(section: Table, at: string, notes: NoteList): ServerSettings {
  const endpoint = textOf(section['endpoint']);
  const policy = textOf(section['security_policy']) || 'auto';
  const mode = textOf(section['security_mode']) || 'auto';
  const securityPolicy = policies[policy.toLowerCase()];
  if (securityPolicy === undefined) {
    notes.add(
      at,
      `security_policy ${policy} is no longer safe and not offered by the gateway; best is written instead`,
      'high',
    );
  }
  const securityMode = modes[mode.toLowerCase()];
  if (securityMode === 'None')
    notes.add(at, `${endpoint} is read without any security and still is; write securityMode: best`, 'high');
  const method = textOf(section['auth_method']);
  if (method === 'Certificate') notes.add(at, 'sign-in by certificate is not carried; set it up again', 'high');
  if (section['certificate'] !== undefined || section['private_key'] !== undefined) {
    notes.add(at, 'the gateway makes its own certificate; trust it at the server', 'high');
  }
  if (textOf(section['remote_certificate']) === '') {
    notes.add(at, 'telegraf took any certificate the server showed; the gateway asks you to trust it once', 'high');
  }
  const username = textOf(section['username']);
  const password = textOf(section['password']);
  const reference = /^\$\{[A-Za-z_]\w*\}$/.test(password)
    ? password
    : `file:secrets/${endpoint.replace(/^opc\.tcp:\/\//, '').replaceAll(/[^A-Za-z0-9_-]+/g, '-')}.password`;
  if (username !== '' && reference !== password) {
    notes.add(at, 'the password is not copied: put it into the file that the key password names', 'high');
  }
  return {
    endpoint,
    securityMode: securityMode ?? 'best',
    securityPolicy: securityPolicy ?? 'best',
    trustServerCertificate: 'pinned',
    ...(username === '' ? {} : { username, password: reference }),
  };
}

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
const tableOf = (value: unknown): Table => (isTable(value) ? value : {});
const tablesOf = (value: unknown): Table[] =>
  Array.isArray(value) ? value.filter(isTable) : isTable(value) ? [value] : [];
const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');
