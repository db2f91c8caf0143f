import type { DraftTag, PlantDraft } from '../proposal/plant-draft.ts';

/** Something of the source that is not in the result, or means something else there. */
export type ImportNote = {
  /** Place in the source, e.g. `[0].OpcNodes[3]` or `line 12`. */
  readonly where: string;
  readonly message: string;
  /** high: a person must act before it works, or security is weaker than it looks. */
  readonly severity: 'high' | 'low';
};

export type ImportResult = { readonly draft: PlantDraft; readonly notes: readonly ImportNote[] };

export type ImportOptions = {
  readonly enterprise: string;
  readonly site: string;
  readonly timezone: string;
  /** Server name for files that name none (CSV), and its endpoint. */
  readonly endpoint?: string;
  /** NamespaceArray of a server that was asked, to resolve node ids by index. */
  readonly namespacesOf?: (endpoint: string) => readonly string[] | undefined;
  /** Kepware: channel and device before the tag names. */
  readonly prefix?: string;
};

/** Notes in the order they came; the same message at many places is listed at the first ones and then counted. */
export class NoteList {
  readonly #notes: ImportNote[] = [];
  readonly #counts = new Map<string, number>();

  add(where: string, message: string, severity: ImportNote['severity'] = 'low'): void {
    const count = (this.#counts.get(message) ?? 0) + 1;
    this.#counts.set(message, count);
    if (count <= MOST_PLACES) this.#notes.push({ where, message, severity });
  }

  list(): ImportNote[] {
    const more = [...this.#counts].flatMap(([message, count]) =>
      count > MOST_PLACES ? [{ where: `${count - MOST_PLACES} more places`, message, severity: 'low' as const }] : [],
    );
    return [...this.#notes, ...more];
  }
}

const MOST_PLACES = 5;

/** Milliseconds as a duration of a plant file. */
export function durationText(ms: number): string {
  return ms >= 1000 && ms % 1000 === 0 ? `${ms / 1000}s` : `${Math.round(ms * 1000) / 1000}ms`;
}

/** Counts of a result for people. */
export function countImported({ servers }: PlantDraft): { readonly live: number; readonly doubtful: number } {
  const tags: DraftTag[] = servers.flatMap((server) => server.equipment.flatMap((entry) => entry.tags));
  const live = tags.filter(({ isLive }) => isLive).length;
  return { live, doubtful: tags.length - live };
}
