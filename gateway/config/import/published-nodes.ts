import { JoulegateError } from '../../../broker/contract/error.ts';
import { DraftBuilder, type ServerSettings } from './draft-builder.ts';
import { readNodeId } from './imported-tag.ts';
import { NoteList, type ImportOptions, type ImportResult } from './import-result.ts';
import { parseJsonc } from './jsonc.ts';
import { intervalOf } from './publisher-interval.ts';

type Json = Record<string, unknown>;

/** What our plant file has no key for, by the name in the published-nodes file and what it would do. */
const notCarried: Readonly<Record<string, string>> = {
  HeartbeatInterval: 'heartbeats: the gateway says by itself that a value is unchanged',
  HeartbeatIntervalTimespan: 'heartbeats: the gateway says by itself that a value is unchanged',
  HeartbeatBehavior: 'heartbeats: the gateway says by itself that a value is unchanged',
  SkipFirst: 'SkipFirst: the first value is always sent',
  DeadbandType: 'deadband: every change is sent',
  DeadbandValue: 'deadband: every change is sent',
  DiscardNew: 'DiscardNew: the oldest value gives way in a full queue',
  UseCyclicRead: 'UseCyclicRead: values are subscribed',
  EventFilter: 'events are not values',
  ConditionHandling: 'conditions are not values',
  AttributeId: 'attributes other than Value',
  IndexRange: 'IndexRange: the whole value is read',
  ModelChangeHandling: 'model changes are not watched',
};

/**
 * Reads an OPC Publisher file of version 2.5, 2.8 or 2.9: an array of entries with an endpoint and nodes. Comments are
 * allowed. Integer intervals are milliseconds but for HeartbeatInterval (seconds); a Timespan wins over its integer; an
 * entry without security settings means None; a repeated group takes its settings from its first entry.
 * @throws JoulegateError CONFIG_INVALID when the file is no such file.
 */
export function readPublishedNodes(text: string, options: ImportOptions): ImportResult {
  const entries = parseJsonc(text);
  if (!Array.isArray(entries)) {
    throw new JoulegateError('CONFIG_INVALID', 'the file is no published-nodes file: it must be a list of entries');
  }
  const notes = new NoteList();
  const builder = new DraftBuilder(notes);
  const groups = new Map<string, Json>();
  const seen = new Set<string>();
  entries.forEach((entry: unknown, index) => {
    const at = `[${index}]`;
    if (!isJson(entry) || typeof member(entry, 'EndpointUrl') !== 'string') {
      notes.add(at, 'the entry has no EndpointUrl and was left out', 'high');
      return;
    }
    const group = textOf(member(entry, 'DataSetWriterGroup'));
    const first = groups.get(group) ?? entry;
    groups.set(group, first);
    readEntry({ entry, first, at, notes, builder, group, seen, namespacesOf: options.namespacesOf });
  });
  return { draft: builder.build(options, 'an OPC Publisher published-nodes file'), notes: notes.list() };
}

function readEntry(context: {
  readonly entry: Json;
  readonly first: Json;
  readonly at: string;
  readonly group: string;
  readonly notes: NoteList;
  readonly builder: DraftBuilder;
  readonly seen: Set<string>;
  readonly namespacesOf: ImportOptions['namespacesOf'];
}): void {
  const { entry, first, at, group, notes, builder, seen, namespacesOf } = context;
  const namespaces = namespacesOf?.(textOf(member(entry, 'EndpointUrl')));
  const server = builder.server(settingsOf(entry, at, notes));
  const writer = textOf(member(entry, 'DataSetWriterId')) || textOf(member(entry, 'DataSetName'));
  const equipment = [group, writer].filter((name) => name !== '');
  if (
    first !== entry &&
    intervalOf(entry, 'DataSetPublishingInterval', notes, at) !==
      intervalOf(first, 'DataSetPublishingInterval', notes, at)
  ) {
    notes.add(at, `the publishing interval of group "${group}" is the one of its first entry`);
  }
  const publishingMs = intervalOf(first, 'DataSetPublishingInterval', notes, at) ?? undefined;
  const samplingMs = intervalOf(entry, 'DataSetSamplingInterval', notes, at) ?? undefined;
  for (const key of [
    'BatchSize',
    'BatchTriggerInterval',
    'BatchTriggerIntervalTimespan',
    'MessagingMode',
    'MessageEncoding',
    'QualityOfService',
    'MessageTtlTimespan',
    'QueueName',
    'WriterGroupTransport',
  ]) {
    if (member(entry, key) !== undefined)
      notes.add(at, `${key}: how messages are made and sent follows from our own wire format`);
  }
  const nodes: unknown[] = [];
  const listed = member(entry, 'OpcNodes');
  if (Array.isArray(listed)) nodes.push(...(listed as unknown[]));
  const bare = member(entry, 'NodeId');
  if (isJson(bare)) nodes.push({ Id: member(bare, 'Identifier') });
  if (nodes.length === 0) notes.add(at, 'the entry has no nodes');
  nodes.forEach((node, index) => {
    const where = Array.isArray(listed) && index < listed.length ? `${at}.OpcNodes[${index}]` : `${at}.NodeId`;
    const id = isJson(node) ? textOf(member(node, 'ExpandedNodeId')) || textOf(member(node, 'Id')) : '';
    if (!isJson(node)) return notes.add(where, 'is no node and was left out', 'high');
    for (const [key, message] of Object.entries(notCarried)) {
      const value = member(node, key);
      if (value !== undefined && value !== null && value !== false) notes.add(where, `not carried: ${message}`);
    }
    if (member(node, 'EventFilter') !== undefined) return undefined;
    const path = member(node, 'BrowsePath');
    const hasPath = Array.isArray(path) && path.length > 0;
    const read = hasPath
      ? {
          nodeId: id === '' ? 'i=84' : id,
          problem: `its BrowsePath ${JSON.stringify(path).slice(0, 200)} starts at that node; put in the node id it leads to`,
        }
      : readNodeId(id, namespaces);
    if (read.problem !== null)
      notes.add(where, hasPath ? 'BrowsePath: only the server knows the node it leads to' : read.problem, 'high');
    const own = intervalOf(node, 'OpcSamplingInterval', notes, where);
    const ownPublishing = intervalOf(node, 'OpcPublishingInterval', notes, where);
    const queueSize = member(node, 'QueueSize');
    const name = textOf(member(node, 'DataSetFieldId')) || textOf(member(node, 'DisplayName')) || lastName(id);
    const key = JSON.stringify([server, equipment, read.nodeId]);
    if (seen.has(key)) return notes.add(where, 'the same node stands in this group twice; it is taken once');
    seen.add(key);
    return builder.add(server, equipment, {
      name: shown(textOf(member(node, 'DisplayName'))) || shown(name),
      nodeId: read.nodeId,
      unit: null,
      context: equipment,
      samplingMs: own ?? samplingMs,
      publishingMs: ownPublishing ?? publishingMs,
      ...(typeof queueSize === 'number' && queueSize > 1 ? { queueSize } : {}),
      trigger: triggerOf(member(node, 'DataChangeTrigger')),
      problem: read.problem,
    });
  });
}

function settingsOf(entry: Json, at: string, notes: NoteList): ServerSettings {
  const endpoint = textOf(member(entry, 'EndpointUrl'));
  const mode = textOf(member(entry, 'EndpointSecurityMode'));
  const useSecurity = member(entry, 'UseSecurity');
  const policy = textOf(member(entry, 'EndpointSecurityPolicy')).split('#').at(-1) ?? '';
  const known = ['None', 'Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'].find(
    (name) => name.toLowerCase() === policy.toLowerCase(),
  );
  if (policy !== '' && known === undefined) {
    notes.add(at, `EndpointSecurityPolicy ${policy} is not offered by the gateway; best is written instead`, 'high');
  }
  const securityMode =
    { none: 'None', sign: 'Sign', signandencrypt: 'SignAndEncrypt', best: 'best' }[mode.toLowerCase()] ??
    (useSecurity === true ? 'SignAndEncrypt' : 'None');
  if (mode === '' && useSecurity !== true) {
    notes.add(
      at,
      `${endpoint} was read without any security (no UseSecurity and no EndpointSecurityMode means None) and still is: write securityMode: best as soon as the server allows it`,
      'high',
    );
  }
  const user = member(entry, 'OpcAuthenticationUsername') ?? member(entry, 'EncryptedAuthUsername');
  const authentication = textOf(member(entry, 'OpcAuthenticationMode')).toLowerCase();
  const wantsUser = authentication.startsWith('username') || (authentication === '' && typeof user === 'string');
  if (authentication === 'certificate') notes.add(at, 'sign-in by certificate is not carried; set it up again', 'high');
  if (wantsUser) {
    const isEncrypted = member(entry, 'OpcAuthenticationUsername') === undefined;
    notes.add(
      at,
      `the password is not copied${isEncrypted ? ', and the user name is encrypted' : ''}: put it into the file that the key password names`,
      'high',
    );
  }
  const name = nameOfFile(endpoint);
  return {
    endpoint,
    securityMode: securityMode as ServerSettings['securityMode'],
    securityPolicy: (known ?? 'best') as ServerSettings['securityPolicy'],
    trustServerCertificate: 'pinned',
    ...(wantsUser
      ? {
          username: member(entry, 'OpcAuthenticationUsername') === undefined ? 'CHANGE-ME' : textOf(user),
          password: `file:secrets/${name}.password`,
        }
      : {}),
  };
}

const nameOfFile = (endpoint: string): string =>
  endpoint
    .replace(/^opc\.tcp:\/\//, '')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/-+$/, '');

/** The publisher reads its keys without regard to case. */
function member(object: Json, key: string): unknown {
  if (Object.hasOwn(object, key)) return object[key];
  const lower = key.toLowerCase();
  return Object.entries(object).find(([name]) => name.toLowerCase() === lower)?.[1];
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

/** The last name in an identifier, without the quotes Siemens puts around each. */
function lastName(id: string): string {
  const identifier = id.replace(/^.*?[isgb]=/s, '');
  return identifier.split(/[./|]/).findLast((part) => part !== '') ?? identifier;
}

const shown = (name: string): string => name.replaceAll(/["\\]/g, '').replaceAll('/', '-').trim();

const triggerOf = (trigger: unknown): string | undefined =>
  ({ status: 'status', statusvalue: 'status-value', statusvaluetimestamp: 'status-value-timestamp' })[
    textOf(trigger).toLowerCase()
  ];
