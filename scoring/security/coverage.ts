import type { AlertSeverity } from './alert.ts';
import { detectionCards, vectorEvents } from './catalogue.ts';
import type { DetectionCard } from './detections/card.ts';

/** Result of replaying a detection's own vector in a fresh detection. */
export type SelfTest = {
  /** The vector that has to raise the rule did. */
  readonly triggered: boolean;
  /** The vector that must not raise the rule did not. */
  readonly quiet: boolean;
};

/** One rule as the coverage page shows it. */
export type RuleCoverage = Pick<DetectionCard, 'catalogue' | 'source' | 'evidence' | 'falsePositives'> & {
  readonly rule: string;
  readonly severity: AlertSeverity;
  readonly title: { readonly en: string; readonly zh: string };
  readonly technique: string | null;
  readonly selfTest: SelfTest;
};

/** A technique with the rules that point at it. Techniques no rule points at are not visible from here. */
export type TechniqueCoverage = {
  readonly id: string;
  readonly name: string;
  /** seen: an alert of it is in the book. testable: its rules pass their self-test. failing: one of them does not. */
  readonly state: 'seen' | 'testable' | 'failing';
  readonly rules: readonly string[];
};

/** Replays both vectors of a detection, each in a fresh one; nothing reaches the alert book. `at` is epoch ms. */
export function selfTest(card: DetectionCard, at: number): SelfTest {
  const raises = (vector: DetectionCard['vector']['triggers']): boolean => {
    const { kinds, onEvent } = card.create();
    return vectorEvents(vector, at)
      .filter(({ kind }) => kinds.includes(kind))
      .flatMap((event) => onEvent(event))
      .some(({ rule, condition }) => rule === card.rule.name && condition === 'active');
  };
  return { triggered: raises(card.vector.triggers), quiet: !raises(card.vector.quiet) };
}

/** What the rules of this version cover, with a self-test made now. `seenTechniques`: ids of techniques with alerts. */
export function coverage(
  seenTechniques: ReadonlySet<string>,
  at: number,
): { readonly rules: readonly RuleCoverage[]; readonly techniques: readonly TechniqueCoverage[] } {
  const covered = detectionCards.map((card): RuleCoverage => ({
    rule: card.rule.name,
    severity: card.rule.severity,
    title: card.rule.title,
    technique: card.rule.technique?.id ?? null,
    catalogue: card.catalogue,
    source: card.source,
    evidence: card.evidence,
    falsePositives: card.falsePositives,
    selfTest: selfTest(card, at),
  }));
  const names = new Map(
    detectionCards.flatMap(({ rule: { technique: t } }) => (t === undefined ? [] : [[t.id, t.name]])),
  );
  const techniques = [...names]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([id, name]): TechniqueCoverage => {
      const pointing = covered.filter(({ technique }) => technique === id);
      const works = pointing.every(({ selfTest: { triggered, quiet } }) => triggered && quiet);
      return {
        id,
        name,
        state: !works ? 'failing' : seenTechniques.has(id) ? 'seen' : 'testable',
        rules: pointing.map(({ rule }) => rule),
      };
    });
  return { rules: covered, techniques };
}
