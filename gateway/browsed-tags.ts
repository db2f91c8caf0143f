import { isDeepStrictEqual } from 'node:util';
import type { BrowseConfig, EquipmentConfig, GatewaySection, ServerConfig, TagConfig } from './config/schema.ts';
import type { BrowseLock, LockedTag } from './browse-lock.ts';
import type { GlobMatches, WorkerGlob } from './opcua/protocol.ts';

const MOST_TAGS = 500;
const LONGEST_NAME = 128;

/** What came of a look at the server: the lock as it is to be, and as it would be with everything taken over. */
export type Comparison = {
  readonly lock: BrowseLock;
  readonly proposed: BrowseLock;
  /** One for each glob that matches other nodes than the lock has. */
  readonly changes: readonly Change[];
};

export type Change = {
  readonly equipment: string;
  readonly glob: string;
  readonly added: readonly LockedTag[];
  readonly gone: readonly LockedTag[];
  /** The first look, or `whenChanged: add`: new tags are in `lock` already. */
  readonly isTaken: boolean;
};

const keyOf = (equipment: EquipmentConfig, { glob }: BrowseConfig): string => `${equipment.path}|${glob}`;

/** The globs of a server as its connection looks them up. */
export function globsOf(server: ServerConfig): WorkerGlob[] {
  const globs = server.equipment.flatMap((equipment) =>
    (equipment.browse ?? []).map((browse) => ({
      key: keyOf(equipment, browse),
      glob: browse.glob,
      max: browse.max ?? MOST_TAGS,
    })),
  );
  return [...new Map(globs.map((glob) => [glob.key, glob])).values()];
}

/** The servers with the tags that the lock has for their globs; equipment without any tag is left out until it has one. */
export function withLockedTags(servers: GatewaySection['servers'], lock: BrowseLock): GatewaySection['servers'] {
  return servers.map((server) => ({
    ...server,
    equipment: server.equipment
      .map((equipment) => withTags(equipment, lock[server.name] ?? {}))
      .filter(({ tags }) => tags.length > 0),
  }));
}

function withTags(equipment: EquipmentConfig, locked: BrowseLock[string]): EquipmentConfig {
  const { browse, ...rest } = equipment;
  if (browse === undefined) return equipment;
  const nodes = new Set(equipment.tags.map(({ nodeId }) => nodeId));
  const names = new Set(equipment.tags.map(({ name }) => name));
  const tags: TagConfig[] = [...equipment.tags];
  for (const entry of browse) {
    const { glob: _glob, role = 'process', max: _max, whenChanged: _when, ...sampling } = entry;
    for (const { name, nodeId } of locked[keyOf(equipment, entry)] ?? []) {
      if (nodes.has(nodeId) || names.has(name)) continue;
      nodes.add(nodeId);
      names.add(name);
      tags.push({ name, nodeId, role, ...sampling });
    }
  }
  return { ...rest, tags };
}

/** Compares what the globs of a server match with the lock. A tree that was not browsed to its end says nothing of what is gone. */
export function compareMatches(server: ServerConfig, found: readonly GlobMatches[], before: BrowseLock): Comparison {
  const lock: Record<string, LockedTag[]> = {};
  const proposed: Record<string, LockedTag[]> = {};
  const changes: Change[] = [];
  const known = before[server.name] ?? {};
  for (const equipment of server.equipment) {
    const names = new Set(equipment.tags.map(({ name }) => name));
    for (const entry of equipment.browse ?? [])
      for (const { name } of known[keyOf(equipment, entry)] ?? []) names.add(name);
    for (const entry of equipment.browse ?? []) {
      const key = keyOf(equipment, entry);
      const locked = known[key];
      const matches = found.find((match) => match.key === key);
      if (lock[key] !== undefined) continue;
      if (matches === undefined) {
        if (locked !== undefined) lock[key] = proposed[key] = [...locked];
        continue;
      }
      const isKnown = new Set(locked?.map(({ nodeId }) => nodeId));
      const isThere = new Set(matches.nodes.map(({ nodeId }) => nodeId));
      const added = matches.nodes
        .filter(({ nodeId }) => !isKnown.has(nodeId))
        .map(({ path, nodeId }) => ({ name: nameOf(path, entry.glob, names), nodeId }));
      const isSure = matches.isWhole && !matches.isCut;
      const gone = isSure ? (locked ?? []).filter(({ nodeId }) => !isThere.has(nodeId)) : [];
      const isTaken = locked === undefined || (entry.whenChanged === 'add' && added.length > 0);
      lock[key] = [...(locked ?? []), ...(isTaken ? added : [])];
      proposed[key] = [...(locked ?? []), ...added].filter((tag) => !gone.includes(tag));
      if (added.length + gone.length > 0)
        changes.push({ equipment: equipment.path, glob: entry.glob, added, gone, isTaken });
    }
  }
  return {
    lock: isDeepStrictEqual(lock, known) ? before : { ...before, [server.name]: lock },
    proposed: { ...before, [server.name]: proposed },
    changes,
  };
}

/** The path behind the names that the glob spells out, joined by dots; a number behind it where that is taken. */
function nameOf(path: readonly string[], glob: string, taken: Set<string>): string {
  const parts = glob.split('/').filter((part) => part !== '');
  const wild = parts.findIndex((part) => /[*?]/.test(part));
  const spelled = parts.length < 2 && !glob.startsWith('/') ? 0 : wild === -1 ? parts.length - 1 : wild;
  const full = path.slice(Math.min(spelled, path.length - 1)).join('.');
  const stem = full.length > LONGEST_NAME - 6 ? `…${full.slice(-(LONGEST_NAME - 7))}` : full;
  let name = stem;
  for (let count = 2; taken.has(name); count += 1) name = `${stem}-${count}`;
  taken.add(name);
  return name;
}
