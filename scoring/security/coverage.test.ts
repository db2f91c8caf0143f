import { describe, expect, it } from 'vitest';
import { detectionCards, vectorEvents } from './catalogue.ts';
import { coverage, selfTest } from './coverage.ts';
import { createDetections } from './detections.ts';

const T0 = 1_700_000_000_000;

describe.each(detectionCards.map((card) => [card.rule.name, card] as const))('%s', (name, card) => {
  it(`${card.catalogue.join(', ')}: triggered by its own stream, in one alert and by no other rule`, () => {
    const detections = createDetections();
    const signals = vectorEvents(card.vector.triggers, T0).flatMap((event) => detections.onEvent(event));
    expect([...new Set(signals.map(({ rule }) => rule))]).toEqual([name]);
  });

  it('is quiet on a stream of normal work that comes close', () => {
    const detections = createDetections();
    const signals = vectorEvents(card.vector.quiet, T0).flatMap((event) => detections.onEvent(event));
    expect(signals.filter(({ rule }) => rule === name)).toEqual([]);
    expect(card.vector.quiet).not.toHaveLength(0);
  });

  it('says where it looks, what it keeps and what it mistakes', () => {
    expect([card.source, card.evidence, card.falsePositives]).not.toContain('');
    expect(card.rule.title.zh).toMatch(/\p{Script=Han}/u);
    expect(card.rule.technique?.id ?? 'T0000').toMatch(/^T0\d{3}$/);
  });
});

describe('coverage', () => {
  it('has each rule once, all with a self-test that holds', () => {
    const { rules, techniques } = coverage(new Set(), T0);
    expect(new Set(rules.map(({ rule }) => rule)).size).toBe(detectionCards.length);
    expect(rules.filter(({ selfTest: { triggered, quiet } }) => !triggered || !quiet)).toEqual([]);
    expect(new Set(techniques.map(({ state }) => state))).toEqual(new Set(['testable']));
  });

  it('says which techniques have been seen', () => {
    const { techniques } = coverage(new Set(['T0830']), T0);
    expect(techniques.filter(({ state }) => state === 'seen').map(({ id }) => id)).toEqual(['T0830']);
  });

  it('finds a rule that is deaf and one that cries at everything', () => {
    const [card] = detectionCards;
    if (card === undefined) throw new Error('there is no detection');
    const deaf = { ...card, create: () => ({ ...card.create(), onEvent: () => [] }) };
    expect(selfTest(deaf, T0)).toEqual({ triggered: false, quiet: true });
    const loud = { ...card, vector: { ...card.vector, quiet: card.vector.triggers } };
    expect(selfTest(loud, T0)).toEqual({ triggered: true, quiet: false });
  });
});
