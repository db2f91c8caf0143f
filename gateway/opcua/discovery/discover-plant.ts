import type { ServerConfig } from '../../config/schema.ts';
import { chooseTags, type Candidate } from '../../config/proposal/choose-tags.ts';
import { equipmentPath, splitEquipment } from '../../config/proposal/equipment-path.ts';
import type { DraftEquipment, PlantDraft } from '../../config/proposal/plant-draft.ts';
import { statesByText } from '../../config/proposal/state-words.ts';
import { guessTag, type TagGuess } from '../../config/proposal/tag-guess.ts';
import { browseTree, pathOf, type BrowsedNode, type BrowsedTree } from './browse-tree.ts';
import { readVariables, type KnownServer, type VariableDetails } from './browse-server.ts';
import { textOf } from './node-details.ts';

export type DiscoverOptions = {
  /** How the server is written into the plant file. */
  readonly settings: Omit<ServerConfig, 'equipment'>;
  readonly enterprise: string;
  readonly site: string;
  readonly timezone: string;
  readonly maxNodes?: number;
  readonly maxDepth?: number;
  readonly signal?: AbortSignal;
};

export type Discovery = {
  readonly draft: PlantDraft;
  readonly variables: number;
  /** Tags that stand in the file. */
  readonly live: number;
  /** Tags that stand in it as comments. */
  readonly doubtful: number;
  readonly stoppedBy: BrowsedTree['stoppedBy'];
  /** Node ids of all variables the server has, by namespace URI. */
  readonly addresses: ReadonlySet<string>;
};

const facetProperties: ReadonlySet<string> = new Set([
  'EngineeringUnits',
  'EURange',
  'MeasurementID',
  'EnumStrings',
  'EnumValues',
]);

/**
 * Proposes a plant file for everything a server offers below Objects. What is not certain stands in it as a comment.
 * @throws the library's error when the server no longer answers.
 */
export async function discoverPlant(server: KnownServer, options: DiscoverOptions): Promise<Discovery> {
  const { namespaces, limits, session } = server;
  const { settings, enterprise, site, timezone, ...guards } = options;
  const tree = await browseTree(session, { namespaces, limits, ...guards });
  const { nodes } = tree;
  const wanted = nodes.flatMap(({ nodeClass, isProperty, name, address }, index) =>
    nodeClass === 'Variable' && (!isProperty || facetProperties.has(name)) && !isServersOwn(address, isProperty)
      ? [index]
      : [],
  );
  const details = await readVariables(server, nodes, wanted);
  const properties = propertiesOf(nodes, details);
  const equipment = new Map<string, { readonly path: string; readonly candidates: Candidate[] }>();
  let variables = 0;
  for (const index of wanted) {
    const node = nodes[index];
    const own = details.get(index);
    if (node === undefined || own === undefined || node.isProperty || isDetail(nodes, node, properties)) continue;
    variables += 1;
    const place = placeOf(nodes, index);
    const candidate = toCandidate({ place, node, own, properties: properties.get(index) ?? new Map() });
    if (candidate === null) continue;
    const path = equipmentPath(place.equipment, settings.name);
    const known = equipment.get(path) ?? { path, candidates: [] };
    known.candidates.push(candidate);
    equipment.set(path, known);
  }
  const drafted: DraftEquipment[] = [...equipment.values()].map(({ path, candidates }) => ({
    path,
    tags: chooseTags(candidates),
  }));
  const tags = drafted.flatMap((entry) => entry.tags);
  const live = tags.filter(({ isLive }) => isLive).length;
  const remarks = [
    `Proposed by "joulegate discover" from ${settings.endpoint}: ${live} tags of ${drafted.length} equipment, ${tags.length - live} more as comments.`,
    'Behind each tag stands how sure its meaning is and why. Read it once, change what is wrong, then: joulegate check FILE --connect',
    'Set boundaryOutput: true on the counter of the last machine of each line.',
    ...(tree.stoppedBy === null
      ? []
      : [`NOT COMPLETE: browsing stopped at ${tree.stoppedBy}; raise it or name a part of the server with --path.`]),
    ...tree.refused.slice(0, 10).map(({ address, status }) => `Could not be browsed: ${address} (${status})`),
  ];
  return {
    draft: { enterprise, site, timezone, remarks, servers: [{ ...settings, equipment: drafted }] },
    variables,
    live,
    doubtful: tags.length - live,
    stoppedBy: tree.stoppedBy,
    addresses: new Set(nodes.flatMap(({ nodeClass, address }) => (nodeClass === 'Variable' ? [address] : []))),
  };
}

/** Variables of the OPC UA namespace describe the server itself; its properties may belong to any variable. */
const isServersOwn = (address: string, isProperty: boolean): boolean =>
  !isProperty && !address.startsWith('nsu=') && !address.startsWith('ns=');

type Properties = ReadonlyMap<number, ReadonlyMap<string, unknown>>;

function propertiesOf(nodes: readonly BrowsedNode[], details: ReadonlyMap<number, VariableDetails>): Properties {
  const byOwner = new Map<number, Map<string, unknown>>();
  for (const [index, { reading }] of details) {
    const node = nodes[index];
    if (node === undefined || !node.isProperty) continue;
    const owned = byOwner.get(node.parent) ?? new Map<string, unknown>();
    owned.set(node.name, reading.isBad ? null : reading.value);
    byOwner.set(node.parent, owned);
  }
  return byOwner;
}

/** Whether a variable only describes the measurement it belongs to. */
function isDetail(nodes: readonly BrowsedNode[], node: BrowsedNode, properties: Properties): boolean {
  return nodes[node.parent]?.nodeClass === 'Variable' && properties.get(node.parent)?.has('MeasurementID') === true;
}

type Place = { readonly equipment: readonly string[]; readonly facets: readonly string[]; readonly name: string };

/** Objects above the variable are the equipment; variables above it are part of its name. */
function placeOf(nodes: readonly BrowsedNode[], index: number): Place {
  let top = index;
  while (nodes[nodes[top]?.parent ?? -1]?.nodeClass === 'Variable') top = nodes[top]?.parent ?? 0;
  const path = pathOf(nodes, index);
  const objects = path.slice(0, (nodes[top]?.depth ?? 1) - 1);
  return { ...splitEquipment(objects), name: path.slice(objects.length).join('.') };
}

const isNumber = /^(S?Byte|U?Int(16|32|64)|Float|Double|Number|U?Integer)$/;
const nothingKnown: TagGuess = {
  role: 'process',
  unit: null,
  carrier: null,
  confidence: 0.2,
  evidence: ['neither unit nor name says what it is'],
  doubt: null,
};

function toCandidate(options: {
  readonly place: Place;
  readonly node: BrowsedNode;
  readonly own: VariableDetails;
  readonly properties: ReadonlyMap<string, unknown>;
}): Candidate | null {
  const { place, node, own, properties } = options;
  const id = properties.get('MeasurementID');
  const measurementId = typeof id === 'number' ? id : null;
  const guess =
    guessTag({
      names: [...place.equipment.slice(-1), ...place.facets, place.name],
      dataType: own.dataType,
      unit: own.unit?.code ?? own.unit?.text ?? null,
      measurementId,
    }) ?? (isNumber.test(own.dataType) && !Array.isArray(own.reading.value) ? nothingKnown : null);
  if (guess === null) return null;
  const unit = guess.unit ?? own.unit?.text ?? null;
  const isList = Array.isArray(own.reading.value) || ArrayBuffer.isView(own.reading.value);
  return {
    name: place.name,
    nodeId: node.address,
    guess: isList ? { ...guess, unit, confidence: 0.1, doubt: 'its value is a list' } : { ...guess, unit },
    measurementId,
    facets: place.facets,
    states: guess.role === 'state' ? statesByText(valueTexts(properties)) : null,
    range: guess.role === 'process' ? rangeOf(properties.get('EURange')) : null,
    remark: own.reading.isGood ? null : `now ${own.reading.status}`,
  };
}

function rangeOf(value: unknown): readonly [number, number] | null {
  if (typeof value !== 'object' || value === null || !('low' in value) || !('high' in value)) return null;
  const { low, high } = value;
  const isRange = typeof low === 'number' && typeof high === 'number' && Number.isFinite(high - low) && low < high;
  return isRange ? [low, high] : null;
}

function valueTexts(properties: ReadonlyMap<string, unknown>): ReadonlyMap<number, string> {
  const texts = new Map<number, string>();
  const strings = properties.get('EnumStrings');
  if (Array.isArray(strings)) strings.forEach((text, value) => texts.set(value, textOf(text)));
  const values = properties.get('EnumValues');
  for (const entry of Array.isArray(values) ? (values as unknown[]) : []) {
    if (typeof entry !== 'object' || entry === null || !('value' in entry) || !('displayName' in entry)) continue;
    const value: unknown = entry.value;
    const [high, low] = Array.isArray(value) ? (value as number[]) : [0, Number(value)];
    if (high === 0 && low !== undefined) texts.set(low, textOf(entry.displayName));
  }
  return texts;
}
