import { measurementOf } from './measurement-id.ts';
import type { DraftTag } from './plant-draft.ts';
import { SURE_ENOUGH, type TagGuess } from './tag-guess.ts';

/** A variable with what it was guessed to be, before the tags of its equipment are chosen. */
export type Candidate = {
  readonly name: string;
  readonly nodeId: string;
  readonly guess: TagGuess;
  readonly measurementId: number | null;
  /** Names between the equipment and the variable. */
  readonly facets: readonly string[];
  readonly states: Record<string, string> | null;
  readonly range: readonly [number, number] | null;
  /** What else the line should say, e.g. the status of a value that is bad now. */
  readonly remark: string | null;
};

/** Roles of which scoring adds up all tags of an equipment, so that a second one for the same would count twice. */
const once: ReadonlySet<string> = new Set([
  'energy-counter',
  'power',
  'output-counter',
  'scrap-counter',
  'state',
  'product',
  'order',
]);

/**
 * The tags of one equipment: of several candidates for one meaning the best is live (MeasurementID, main meter, double
 * precision, confidence; the first of equals), the others and the doubtful ones are comments.
 */
export function chooseTags(candidates: readonly Candidate[]): DraftTag[] {
  const taken = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const { guess } = candidate;
    if (!once.has(guess.role) || !isSure(guess)) continue;
    const key = meaningOf(guess);
    const known = taken.get(key);
    if (known === undefined || compareRank(rank(candidate), rank(known)) > 0) taken.set(key, candidate);
  }
  const names = new Set<string>();
  return candidates.map((candidate) => {
    const { guess } = candidate;
    const winner = once.has(guess.role) ? taken.get(meaningOf(guess)) : undefined;
    const isSecond = winner !== undefined && winner !== candidate;
    return toTag(candidate, uniqueName(candidate, names), {
      isLive: isSure(guess) && !isSecond,
      doubt: guess.doubt ?? (isSecond ? `${winner.name} is taken as the ${guess.role}; two would count twice` : null),
    });
  });
}

const isSure = ({ confidence, doubt }: TagGuess): boolean => confidence >= SURE_ENOUGH && doubt === null;

const meaningOf = ({ role, carrier }: TagGuess): string => `${role}|${carrier ?? ''}`;

const rank = ({ measurementId, facets, guess }: Candidate): readonly number[] => {
  const measurement = measurementOf(measurementId);
  return [
    measurement === null ? 0 : 1,
    facets.some((name) => /^(main|total|总|总表|主表)$/i.test(name)) ? 1 : 0,
    measurement?.precision ?? 0,
    guess.confidence,
  ];
};

function compareRank(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value - other;
  }
  return 0;
}

/** Longest name of a tag (contract of TagDescription). */
const NAME_LENGTH = 128;

function uniqueName({ name, facets }: Candidate, names: Set<string>): string {
  const base = (name === '' ? 'unnamed' : name).slice(0, NAME_LENGTH);
  const tries = [base, ...facets.map((_, index) => [...facets.slice(index * -1 - 1), name].join('.'))];
  for (let number = 2; ; number += 1) {
    const text = (tries.shift() ?? `${base.slice(0, NAME_LENGTH - 8)}-${number}`).slice(0, NAME_LENGTH);
    if (names.has(text)) continue;
    names.add(text);
    return text;
  }
}

function toTag(
  { guess, nodeId, states, range, remark }: Candidate,
  name: string,
  { isLive, doubt }: { readonly isLive: boolean; readonly doubt: string | null },
): DraftTag {
  const { role, unit, carrier, confidence, evidence } = guess;
  const remarks = [`${Math.round(confidence * 100)} %: ${evidence.join('; ')}`];
  if (remark !== null) remarks.push(remark);
  if (doubt !== null) remarks.push(`CHECK: ${doubt}`);
  if (role === 'state' && states === null) remarks.push('CHECK: say what its values mean, states: { "1": run, … }');
  return {
    name,
    role,
    nodeId,
    ...(unit === null ? {} : { unit }),
    ...(carrier === null ? {} : { carrier }),
    ...(range === null ? {} : { range }),
    ...(states === null || role !== 'state' ? {} : { states }),
    isLive,
    remark: remarks.join('; '),
  };
}
