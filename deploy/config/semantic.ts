import { topicLevel } from '../../broker/contract/topic.ts';
import type { ServerConfig, TagConfig } from '../../gateway/config/schema.ts';
import type { EnergySection } from '../../scoring/config.ts';
import { shiftProblems } from '../../scoring/energy/calendar.ts';
import { energyFactorKwh, energyUnitNames, powerFactorKw, powerUnitNames } from '../../scoring/energy/unit.ts';
import { baselineProblems } from './baseline-findings.ts';
import { closest } from './closest.ts';
import type { ConfigPath } from './problem.ts';
import { checkReports } from './report-findings.ts';
import { show, type PathProblem } from './schema-problems.ts';
import type { PlantConfig } from './schema.ts';

/** What a schema cannot say. Errors refuse the file, warnings are logged. */
export type Findings = { readonly errors: readonly PathProblem[]; readonly warnings: readonly PathProblem[] };

/** Sections as they were read; those of other services are missing. */
export type Sections = Partial<PlantConfig>;

/** Checks across keys: unique names, node ids, time zone, units, addresses, periods. */
export function semanticFindings(config: Sections): Findings {
  const errors: PathProblem[] = [];
  const warnings: PathProblem[] = [];
  const error = (path: ConfigPath, message: string) => errors.push({ path, message });
  const warn = (path: ConfigPath, message: string) => warnings.push({ path, message });
  if (config.plant !== undefined) checkZone(config.plant.timezone, error);
  checkNames(config, warn);
  checkServers(config, error, warn);
  checkMqtt(config, error);
  checkScoring(config, error);
  checkReports(config.scoring, isLoopback, error);
  return { errors, warnings };
}

type Report = (path: ConfigPath, message: string) => void;

function checkZone(zone: string, error: Report): void {
  try {
    // A fixed offset is accepted by Intl, but is no IANA name and knows no rules of daylight saving.
    if (/^[+-]/.test(zone)) throw new RangeError(zone);
    new Intl.DateTimeFormat('en', { timeZone: zone }).format(0);
  } catch {
    const meant = closest(zone, Intl.supportedValuesOf('timeZone'));
    error(
      ['plant', 'timezone'],
      `${show(zone)} is no IANA time zone; ${meant === null ? 'use a name like Asia/Shanghai' : `did you mean ${meant}?`}`,
    );
  }
}

/** A name for a path that nothing lies under is a slip, but harms nothing. */
function checkNames({ plant, gateway }: Sections, warn: Report): void {
  const equipment = (gateway?.servers ?? []).flatMap((server) => server.equipment.map(({ path }) => path));
  if (equipment.length === 0) return;
  const parents = new Set(
    equipment.flatMap((path) => path.split('/').map((_, depth, parts) => parts.slice(0, depth).join('/'))),
  );
  for (const path of Object.keys(plant?.names ?? {})) {
    if (parents.has(path)) continue;
    const meant = closest(path, [...parents]);
    const remedy = meant === null ? 'remove it' : `did you mean ${meant}?`;
    warn(['plant', 'names', path], `${show(path)} is the path of no area or line with equipment; ${remedy}`);
  }
}

/** Reports every name that was already used, with the place of the first use. */
const unique = (error: Report) => {
  const seen = new Map<string, string>();
  return (name: string, where: string, path: ConfigPath, what: string): void => {
    const first = seen.get(name);
    if (first === undefined) seen.set(name, where);
    else error(path, `${what} ${show(name)} is already used by ${first}; give each its own`);
  };
};

function checkServers({ gateway }: Sections, error: Report, warn: Report): void {
  const serverName = unique(error);
  const equipmentPath = unique(error);
  const topic = unique(error);
  for (const [serverIndex, server] of (gateway?.servers ?? []).entries()) {
    const at: ConfigPath = ['gateway', 'servers', serverIndex];
    serverName(server.name, `servers[${serverIndex}]`, [...at, 'name'], 'server name');
    const host = hostOf(server.endpoint);
    if (host === null) error([...at, 'endpoint'], `${show(server.endpoint)} is no endpoint; write opc.tcp://host:port`);
    else if (!isLoopback(host) && (server.securityMode === 'None' || server.securityPolicy === 'None')) {
      const key = server.securityMode === 'None' ? 'securityMode' : 'securityPolicy';
      const text = `None lets anybody between here and ${host} read and forge values`;
      if (server.allowInsecure === true) warn([...at, key], `${text}; use best as soon as the server can`);
      else error([...at, key], `${text}; use best, or set allowInsecure: true`);
    }
    checkSignIn(server, at, error);
    for (const [equipmentIndex, equipment] of server.equipment.entries()) {
      const equipmentAt: ConfigPath = [...at, 'equipment', equipmentIndex];
      const where = `servers[${serverIndex}].equipment[${equipmentIndex}]`;
      equipmentPath(equipment.path, where, [...equipmentAt, 'path'], 'equipment path');
      if (equipment.path.includes('.'))
        topic(topicLevel(equipment.path), where, [...equipmentAt, 'path'], 'MQTT topic level');
      const tagName = unique(error);
      if (equipment.tags.length === 0 && (equipment.browse ?? []).length === 0)
        error([...equipmentAt, 'tags'], 'is empty; name a tag, or give browse');
      for (const [tagIndex, tag] of equipment.tags.entries()) {
        const tagAt: ConfigPath = [...equipmentAt, 'tags', tagIndex];
        tagName(tag.name, `tags[${tagIndex}] of this equipment`, [...tagAt, 'name'], 'tag name');
        checkTag(tag, tagAt, error, warn);
      }
    }
  }
}

function checkSignIn(server: ServerConfig, at: ConfigPath, error: Report): void {
  const { username, userCertificate, userPrivateKey } = server;
  if (username !== undefined && userCertificate !== undefined) {
    error([...at, 'userCertificate'], 'cannot stand beside username; sign in by one of them');
  }
  if ((userCertificate === undefined) !== (userPrivateKey === undefined)) {
    const given = userCertificate === undefined ? 'userPrivateKey' : 'userCertificate';
    error([...at, given], 'userCertificate and userPrivateKey belong together; set both');
  }
  const { securityMode, securityPolicy } = server;
  if (username !== undefined && (securityMode === 'None' || securityMode === 'Sign' || securityPolicy === 'None')) {
    const weak =
      securityMode === 'None' || securityMode === 'Sign' ? `securityMode ${securityMode}` : 'securityPolicy None';
    error([...at, 'username'], `needs an encrypted channel, not ${weak}; use best or SignAndEncrypt`);
  }
}

function checkTag(tag: TagConfig, at: ConfigPath, error: Report, warn: Report): void {
  const namespace = /^ns=(\d+);/.exec(tag.nodeId)?.[1];
  if (namespace !== undefined && Number(namespace) > 0) {
    error(
      [...at, 'nodeId'],
      `${show(tag.nodeId)} names namespace ${namespace} by its index, which may change when the server restarts; write nsu=<namespace URI>;… (the server's NamespaceArray lists the URIs)`,
    );
  } else if (!/^(nsu=[^;]+;|ns=0;)?[isgb]=.+$/s.test(tag.nodeId)) {
    error([...at, 'nodeId'], `${show(tag.nodeId)} is no node id; write e.g. nsu=urn:acme:plc;s=Press1.Energy`);
  }
  if (tag.range !== undefined && tag.range[0] >= tag.range[1]) {
    error([...at, 'range'], `${show(tag.range)} is no range; write [low, high]`);
  }
  const electric = (tag.carrier ?? 'electricity') === 'electricity';
  if (tag.unit === undefined || !electric) return;
  const known =
    tag.role === 'energy-counter' && energyFactorKwh(tag.unit) === null
      ? energyUnitNames
      : tag.role === 'power' && powerFactorKw(tag.unit) === null
        ? powerUnitNames
        : null;
  if (known !== null) {
    warn(
      [...at, 'unit'],
      `${show(tag.unit)} is no unit for role ${tag.role}, so the tag will not be counted; use one of ${known.join(', ')}`,
    );
  }
}

function checkMqtt(config: Sections, error: Report): void {
  for (const section of ['gateway', 'scoring'] as const) {
    const url = config[section]?.mqtt?.url;
    if (url === undefined) continue;
    checkMqttUrl(url, [section, 'mqtt', 'url'], error);
  }
  const probes = config.gateway?.probes;
  if (
    probes?.host !== undefined &&
    !isLoopback(probes.host) &&
    (probes.tls === undefined || probes.token === undefined)
  ) {
    error(
      ['gateway', 'probes', 'host'],
      `${show(probes.host)} is reachable from the network, which needs gateway.probes.tls and token; add them or use 127.0.0.1`,
    );
  }
  checkBroker(config, error);
}

function checkBroker({ broker }: Sections, error: Report): void {
  if (broker === undefined) return;
  const main = { transport: 'mqtt', host: broker.host, path: ['broker', 'host'] };
  const more = (broker.listeners ?? []).map((listener, index) => ({
    ...listener,
    path: ['broker', 'listeners', index, 'host'],
  }));
  for (const { transport, host, path } of broker.tls === undefined ? [main, ...more] : more) {
    const secure = transport === 'mqtts' || transport === 'wss';
    if (secure && broker.tls === undefined) error(path, `a ${transport} listener needs broker.tls; add it`);
    if (!secure && !isLoopback(host) && broker.allowPlain !== true)
      error(path, `${show(host)} is reachable from the network, which needs broker.tls; add it or use 127.0.0.1`);
  }
  if (broker.metrics !== undefined && !isLoopback(broker.metrics.host))
    error(['broker', 'metrics', 'host'], `${show(broker.metrics.host)} is reachable without sign-in; use 127.0.0.1`);
  const bridgeName = unique(error);
  for (const [index, { name, url, certFile, keyFile }] of (broker.bridges ?? []).entries()) {
    const at: ConfigPath = ['broker', 'bridges', index];
    bridgeName(name, `bridges[${index}]`, [...at, 'name'], 'bridge name');
    checkMqttUrl(url, [...at, 'url'], error);
    if ((certFile === undefined) !== (keyFile === undefined))
      error([...at, certFile === undefined ? 'keyFile' : 'certFile'], 'certFile and keyFile belong together; set both');
  }
}

function checkMqttUrl(url: string, path: ConfigPath, error: Report): void {
  const parsed = URL.parse(url);
  if (parsed === null || !['mqtt:', 'mqtts:'].includes(parsed.protocol) || parsed.hostname === '') {
    error(path, `${show(url)} is no MQTT address; write mqtts://host:8883 or mqtt://127.0.0.1:1883`);
  } else if (parsed.username !== '' || parsed.password !== '') {
    error(path, 'must not carry credentials; use the keys username and password (file:PATH or ${ENV})');
  } else if (parsed.protocol === 'mqtt:' && !isLoopback(parsed.hostname)) {
    error(path, `${show(url)} would send passwords over the network unprotected; use mqtts://`);
  }
}

function checkScoring({ scoring, broker, gateway }: Sections, error: Report): void {
  const api = scoring?.api;
  if (api?.openLoopback === true && !isLoopback(api.host)) {
    error(['scoring', 'api', 'openLoopback'], `is only allowed with a loopback host, not ${show(api.host)}; remove it`);
  }
  if (api !== undefined && api.tls === undefined && !isLoopback(api.host)) {
    error(
      ['scoring', 'api', 'host'],
      `${show(api.host)} is reachable from the network, which needs scoring.api.tls; add it or use 127.0.0.1`,
    );
  }
  if (api !== undefined && api.port !== 0 && api.port === broker?.port) {
    error(['scoring', 'api', 'port'], `${api.port} is the port of the broker as well; choose another`);
  }
  checkBoundaries(scoring?.energy, gateway, error);
  for (const problem of shiftFaults(scoring?.energy?.shifts)) error(['scoring', 'energy', 'shifts'], problem);
  if (scoring !== undefined) for (const { path, message } of baselineProblems(scoring, gateway)) error(path, message);
  const targetId = unique(error);
  for (const [index, target] of (scoring?.targets ?? []).entries()) {
    const at: ConfigPath = ['scoring', 'targets', index];
    targetId(target.id, `targets[${index}]`, [...at, 'id'], 'target id');
    const { from, to } = target.basePeriod;
    for (const [key, day] of [
      ['from', from],
      ['to', to],
    ] as const) {
      if (!isDay(day)) error([...at, 'basePeriod', key], `${show(day)} is no day; write e.g. 2025-01-01`);
    }
    if (isDay(from) && isDay(to) && from > to) error([...at, 'basePeriod'], `ends (${to}) before it begins (${from})`);
  }
}

const shiftFaults = (shifts: EnergySection['shifts']): string[] =>
  shifts === undefined || shifts.length === 0 ? [] : shiftProblems(shifts);

/** A meter belongs to one object, and both must be there. */
function checkBoundaries(energy: EnergySection | undefined, gateway: Sections['gateway'], error: Report): void {
  const { mainMeters = {}, independent = [] } = energy ?? {};
  const equipment = (gateway?.servers ?? []).flatMap((server) => server.equipment.map(({ path }) => path));
  const objects = new Set(
    equipment.flatMap((path) => path.split('/').map((_, depth, parts) => parts.slice(0, depth).join('/'))),
  );
  const meter = unique(error);
  const at: ConfigPath = ['scoring', 'energy'];
  for (const [object, path] of Object.entries(mainMeters)) {
    meter(path, `mainMeters of ${show(object)}`, [...at, 'mainMeters', object], 'main meter');
    if (equipment.length === 0) continue;
    if (!objects.has(object)) {
      error([...at, 'mainMeters', object], `${show(object)} is the path of no area or line with equipment`);
    }
    if (!equipment.includes(path)) {
      const meant = closest(path, equipment);
      error(
        [...at, 'mainMeters', object],
        `${show(path)} is no equipment; ${meant === null ? 'name the meter as equipment first' : `did you mean ${meant}?`}`,
      );
    } else if (object !== '' && !path.startsWith(`${object}/`)) {
      error([...at, 'mainMeters', object], `${show(path)} does not lie below ${show(object)}; move it there`);
    }
  }
  const known = (path: string): boolean => equipment.length === 0 || objects.has(path) || equipment.includes(path);
  for (const [index, path] of independent.entries()) {
    if (!known(path)) error([...at, 'independent', index], `${show(path)} is the path of nothing in this plant`);
  }
  checkAllocations(energy?.allocations ?? [], known, (path, message) =>
    error([...at, 'allocations', ...path], message),
  );
}

/** A utility is allocated once, to others than itself, and fixed shares give away no more than there is. */
function checkAllocations(
  rules: NonNullable<EnergySection['allocations']>,
  known: (path: string) => boolean,
  error: Report,
): void {
  const id = unique(error);
  const utility = unique(error);
  for (const [index, rule] of rules.entries()) {
    id(rule.id, `allocations[${index}]`, [index, 'id'], 'allocation id');
    utility(rule.utility, `allocations[${index}]`, [index, 'utility'], 'utility');
    if (!known(rule.utility)) error([index, 'utility'], `${show(rule.utility)} is the path of nothing in this plant`);
    const consumer = unique(error);
    for (const [place, { path, meter }] of rule.consumers.entries()) {
      const at: ConfigPath = [index, 'consumers', place];
      consumer(path, `consumers[${place}]`, [...at, 'path'], 'consumer');
      if (!known(path)) error([...at, 'path'], `${show(path)} is the path of nothing in this plant`);
      if (meter !== undefined && !known(meter))
        error([...at, 'meter'], `${show(meter)} is the path of nothing in this plant`);
      if (`${path}/`.startsWith(`${rule.utility}/`) || `${rule.utility}/`.startsWith(`${path}/`))
        error(
          [...at, 'path'],
          `${show(path)} and the utility ${show(rule.utility)} contain one another; its energy would count twice`,
        );
    }
    const shares = rule.consumers.reduce((sum, { share = 0 }) => sum + share, 0);
    if (shares > 1 + 1e-9)
      error([index, 'consumers'], `fixed shares add up to ${shares.toFixed(3)}; give away 1 at most`);
    if (rule.driver === 'fixed-share' && rule.approved === undefined)
      error([index, 'approved'], 'fixed shares need the day of their approval, e.g. approved: 2026-01-15');
  }
}

const isDay = (text: string): boolean => {
  const time = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
};

const hostOf = (endpoint: string): string | null => {
  const host = URL.parse(endpoint)?.hostname;
  return host === undefined || host === '' ? null : host;
};

/** Whether a host name or address is this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
