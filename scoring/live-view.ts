import type { Problem, ServiceHealth } from '../broker/contract/health.ts';
import type { LocalText, PlantSection } from '../broker/contract/plant.ts';
import { figureOf, type EnergySums } from './energy/figure.ts';
import type { DaySpan } from './energy/local-day.ts';
import type { EquipmentLevel } from './energy/window.ts';
import type { EquipmentScorer } from './equipment-scorer.ts';
import type { ScoringPipeline } from './pipeline.ts';
import type { EquipmentNode, LiveFigures, PlantHealth } from './plant-view.ts';

type Branch = {
  readonly path: string;
  readonly level: EquipmentLevel;
  readonly scorers: EquipmentScorer[];
  readonly children: Branch[];
};

const HOUR = 3_600_000;

/** The equipment tree with live figures: site first, then depth first in the order of the paths. */
export function buildTree(
  pipeline: ScoringPipeline,
  plant: PlantSection,
  dayOf: (at: number) => DaySpan,
): EquipmentNode[] {
  const root: Branch = { path: '', level: 'site', scorers: [], children: [] };
  const branches = new Map<string, Branch>([['', root]]);
  const leaves = new Map<string, EquipmentScorer>();
  for (const scorer of [...pipeline.scorers].sort((a, b) => (a.equipment.path < b.equipment.path ? -1 : 1))) {
    const parts = scorer.equipment.path.split('/');
    root.scorers.push(scorer);
    let parent = root;
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const path = parts.slice(0, depth).join('/');
      let branch = branches.get(path);
      if (branch === undefined) {
        branch = {
          path,
          level: depth === parts.length ? 'equipment' : depth === 1 ? 'area' : 'line',
          scorers: [],
          children: [],
        };
        branches.set(path, branch);
        parent.children.push(branch);
      }
      branch.scorers.push(scorer);
      parent = branch;
    }
    leaves.set(scorer.equipment.path, scorer);
  }
  const clock = pipeline.plantClock;
  const nodes: EquipmentNode[] = [];
  const visit = (branch: Branch, parent: string | null): void => {
    nodes.push(toNode(branch, parent, leaves.get(branch.path) ?? null, { pipeline, plant, dayOf, clock }));
    for (const child of branch.children) visit(child, branch.path);
  };
  visit(root, null);
  return nodes;
}

type Context = {
  readonly pipeline: ScoringPipeline;
  readonly plant: PlantSection;
  readonly dayOf: (at: number) => DaySpan;
  readonly clock: number;
};

function toNode(branch: Branch, parent: string | null, leaf: EquipmentScorer | null, context: Context): EquipmentNode {
  const { path, level } = branch;
  const name = level === 'site' ? context.plant.site : (path.split('/').at(-1) ?? path);
  return {
    path,
    parent,
    level,
    name,
    displayName: displayName(branch, leaf, context.plant),
    kind: leaf?.equipment.kind ?? null,
    state: leaf?.state ?? null,
    live: liveFigures(branch, leaf, context),
    tags:
      leaf === null
        ? []
        : leaf.tags.map((tag, index) => ({
            name: tag.name,
            role: tag.role,
            unit: tag.unit ?? null,
            value: leaf.readings[index]?.value ?? null,
            at: leaf.readings[index]?.at ?? null,
            statusCode: leaf.readings[index]?.statusCode ?? 0,
          })),
  };
}

function displayName({ path, level }: Branch, leaf: EquipmentScorer | null, plant: PlantSection): LocalText {
  if (leaf !== null) return leaf.equipment.displayName ?? {};
  return (level === 'site' ? plant.displayName : plant.names?.[path]) ?? {};
}

function liveFigures(branch: Branch, leaf: EquipmentScorer | null, { pipeline, dayOf, clock }: Context): LiveFigures {
  const clocks = branch.scorers.map((scorer) => scorer.clock).filter((at) => !Number.isNaN(at));
  const part = branch.scorers.filter(({ equipment }) => pipeline.countsIn(equipment.path, branch.path));
  const powers = part.map((scorer) => scorer.powerKw).filter((kw) => kw !== null);
  const today = Number.isFinite(clock) ? pipeline.book.peek(branch.path, '1d', dayOf(clock).start) : null;
  const hour = Number.isFinite(clock) ? pipeline.book.peek(branch.path, '1h', clock - HOUR) : null;
  const figure = today === null ? null : figureOf(today);
  const score = leaf?.lastScore ?? null;
  return {
    at: clocks.length === 0 ? null : Math.max(...clocks),
    // A sum with a part missing would look like a saving.
    powerKw:
      powers.length === 0 || powers.length < metered(part).length ? null : powers.reduce((sum, kw) => sum + kw, 0),
    energyTodayKwh: figure?.energyKwh ?? null,
    outputToday: counts(branch) ? (figure?.output ?? null) : null,
    secToday: figure?.sec ?? null,
    secHour: hour === null ? null : secOf(hour),
    secReason: figure === null || figure.reason === 'no-data' ? (figure === null ? null : 'no-energy') : figure.reason,
    idleShareToday: figure?.idleShare ?? null,
    coverageToday: figure?.coverage ?? null,
    classToday: figure?.class ?? null,
    anomalyScore: leaf === null ? null : (score?.score ?? null),
    anomalyReason:
      leaf === null ? null : leaf.hasSensors ? (score === null ? 'learning' : (score.reason ?? null)) : 'no-sensors',
    anomalyAlarm:
      leaf === null ? branch.scorers.some((scorer) => scorer.lastScore?.alarm === true) : (score?.alarm ?? false),
  };
}

/** Whether anything in a branch counts pieces; without a counter there is no output, not an output of 0. */
function counts(branch: Branch): boolean {
  return branch.scorers.some((scorer) => scorer.tags.some((tag) => tag.role === 'output-counter'));
}

/** Machines that have a power tag. */
function metered(machines: readonly EquipmentScorer[]): readonly EquipmentScorer[] {
  return machines.filter((scorer) => scorer.tags.some((tag) => tag.role === 'power'));
}

const secOf = (sums: EnergySums): number | null => figureOf(sums).sec;

/** Health of the plant from what every service says of itself. */
export function plantHealth(services: readonly ServiceHealth[], own: ServiceHealth): PlantHealth {
  const all = [...services, own];
  const problems: Problem[] = all.flatMap((service) => [...service.problems]);
  const down = all.some((service) => service.state === 'stopped');
  const bad = problems.some((problem) => problem.severity !== 'info');
  return { status: down ? 'down' : bad ? 'degraded' : 'ok', services: all, problems };
}
