import { chooseTags, type Candidate } from '../proposal/choose-tags.ts';
import { equipmentPath } from '../proposal/equipment-path.ts';
import type { DraftServer, DraftTag, PlantDraft } from '../proposal/plant-draft.ts';
import { guessTag } from '../proposal/tag-guess.ts';
import type { ImportedTag, SamplingOfTag } from './imported-tag.ts';
import { durationText, type ImportOptions, type NoteList } from './import-result.ts';

export type ServerSettings = Omit<DraftServer, 'equipment' | 'name' | 'remarks'>;

type Building = {
  readonly settings: ServerSettings;
  readonly name: string;
  readonly equipment: Map<string, ImportedTag[]>;
};

/** Collects servers, equipment and tags of a source and makes the draft of a plant file of them. */
export class DraftBuilder {
  readonly #servers = new Map<string, Building>();
  readonly #notes: NoteList;

  constructor(notes: NoteList) {
    this.#notes = notes;
  }

  /** A server with these settings; the same settings give the same server. */
  server(settings: ServerSettings, wantedName?: string): string {
    const key = JSON.stringify(settings);
    const known = this.#servers.get(key);
    if (known !== undefined) return key;
    const base =
      (wantedName ?? nameOf(settings.endpoint)).replaceAll(/[^A-Za-z0-9_.-]+/g, '-').slice(0, 56) || 'server';
    const names = new Set([...this.#servers.values()].map(({ name }) => name));
    let name = base;
    for (let number = 2; names.has(name); number += 1) name = `${base}-${number}`;
    this.#servers.set(key, { settings, name, equipment: new Map() });
    return key;
  }

  add(server: string, equipment: readonly string[], tag: ImportedTag): void {
    const building = this.#servers.get(server);
    if (building === undefined) return;
    const path = equipmentPath(equipment, building.name);
    const tags = building.equipment.get(path) ?? [];
    tags.push(tag);
    building.equipment.set(path, tags);
  }

  build({ enterprise, site, timezone }: ImportOptions, source: string): PlantDraft {
    const paths = new Set<string>();
    const servers = [...this.#servers.values()].map(({ settings, name, equipment }) => ({
      name,
      ...settings,
      equipment: [...equipment].map(([path, tags]) => ({ path: this.#uniquePath(path, paths), tags: toTags(tags) })),
    }));
    return {
      enterprise,
      site,
      timezone,
      servers,
      remarks: [
        `Imported from ${source}. Roles and units are proposals from names and units: read them once.`,
        'Tags that cannot be taken as they are stand here as comments. Then: joulegate check FILE --connect',
      ],
    };
  }

  /** Equipment paths are unique in a plant, also between servers. */
  #uniquePath(path: string, paths: Set<string>): string {
    let unique = path;
    for (let number = 2; paths.has(unique); number += 1) unique = `${path}-${number}`;
    if (unique !== path) this.#notes.add(path, 'the same group is used for two servers; it was given another path');
    paths.add(unique);
    return unique;
  }
}

const nameOf = (endpoint: string): string => {
  const url = URL.parse(endpoint);
  return `${url?.hostname ?? 'server'}-${url?.port === '' ? '4840' : (url?.port ?? '')}`;
};

function toTags(tags: readonly ImportedTag[]): DraftTag[] {
  const chosen = chooseTags(tags.map(toCandidate));
  return chosen.map((draft, index) => {
    const tag = tags[index];
    if (tag === undefined) return draft;
    const isLive = tag.problem === null && (draft.isLive || draft.role === 'process');
    const remark = tag.problem === null ? draft.remark : `${tag.problem}; ${draft.remark}`;
    return { ...draft, ...samplingOf(tag), isLive, remark };
  });
}

function samplingOf({ samplingMs, publishingMs, queueSize, trigger }: ImportedTag): SamplingOfTag {
  return {
    ...(samplingMs === undefined ? {} : { samplingInterval: durationText(samplingMs) }),
    ...(publishingMs === undefined ? {} : { publishingInterval: durationText(publishingMs) }),
    ...(queueSize === undefined ? {} : { queueSize: Math.min(100_000, Math.max(1, Math.round(queueSize))) }),
    ...(trigger === undefined ? {} : { trigger }),
  };
}

/** A tag somebody chose to collect is wanted: where nothing speaks for a role it is a process value. */
function toCandidate(tag: ImportedTag): Candidate {
  const guess = guessTag({
    names: [...tag.context, tag.name],
    dataType: null,
    unit: tag.unit,
    measurementId: null,
  });
  return {
    name: tag.name,
    nodeId: tag.nodeId,
    measurementId: null,
    facets: [],
    states: null,
    range: null,
    remark: null,
    guess: guess ?? {
      role: 'process',
      unit: tag.unit,
      carrier: null,
      confidence: 0.5,
      evidence: ['neither unit nor name says more'],
      doubt: null,
    },
  };
}
