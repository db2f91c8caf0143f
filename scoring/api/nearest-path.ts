import type { EquipmentNode, PlantView } from '../plant-view.ts';
import { ApiError } from './api-error.ts';

const LONGEST_COMPARED = 256;

/** The object of a path. @throws ApiError NOT_FOUND naming the closest path there is. */
export function requireNode(view: PlantView, path: string): EquipmentNode {
  const nodes = view.equipment();
  const node = nodes.find((candidate) => candidate.path === path);
  if (node !== undefined) return node;
  const nearest = nearestPath(
    path,
    nodes.map((candidate) => candidate.path),
  );
  const asked = path.slice(0, LONGEST_COMPARED);
  throw new ApiError('NOT_FOUND', {
    en: `there is no equipment "${asked}"${nearest === null ? '; /api/v1/equipment lists all' : `; did you mean "${nearest}"?`}`,
    zh: `没有设备 "${asked}"${nearest === null ? '；所有设备见 /api/v1/equipment' : `；是否指 "${nearest}"？`}`,
  });
}

/** The path with the fewest edits from the given one; the site ('') is never proposed. */
export function nearestPath(path: string, paths: readonly string[]): string | null {
  if (path.length > LONGEST_COMPARED) return null;
  let best: { readonly path: string; readonly edits: number } | null = null;
  for (const candidate of paths) {
    if (candidate === '' || (best !== null && Math.abs(candidate.length - path.length) >= best.edits)) continue;
    const edits = editDistance(path, candidate);
    if (best === null || edits < best.edits) best = { path: candidate, edits };
  }
  return best?.path ?? null;
}

/** Levenshtein distance. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let index = 1; index <= from.length; index += 1) {
    const next = [index];
    for (let column = 1; column <= to.length; column += 1) {
      const change = (row[column - 1] ?? 0) + (from[index - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(change, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
