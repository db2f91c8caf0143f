import type { GatewaySection } from '../../gateway/config/schema.ts';
import type { ScoringSection } from '../../scoring/config.ts';
import { closest } from './closest.ts';
import { show, type PathProblem } from './schema-problems.ts';

/** What is wrong with the variables of the targets' baselines. */
export function baselineProblems(scoring: ScoringSection, gateway: GatewaySection | undefined): PathProblem[] {
  const problems: PathProblem[] = [];
  const equipment = (gateway?.servers ?? []).flatMap((server) => server.equipment);
  for (const [index, { baseline }] of scoring.targets.entries()) {
    if (baseline === undefined) continue;
    const at = ['scoring', 'targets', index, 'baseline'];
    const names = new Set<string>();
    if (baseline.period === 'shift' && (scoring.energy?.shifts ?? []).length === 0)
      problems.push({ path: [...at, 'period'], message: 'needs shifts; add scoring.energy.shifts, or use day' });
    for (const [place, variable] of baseline.variables.entries()) {
      const error = (key: string, message: string) =>
        problems.push({ path: [...at, 'variables', place, key], message });
      const { name, output, product, tag } = variable;
      if (names.has(name)) error('name', `${show(name)} is already used; give each variable its own name`);
      names.add(name);
      const given = [output, product, tag].filter((value) => value !== undefined).length;
      if (given !== 1) {
        error('name', `${show(name)} needs exactly one of output, product and tag`);
      } else if (output === undefined && variable.equipment === undefined) {
        error('name', `${show(name)} needs the equipment its ${tag === undefined ? 'product' : 'tag'} belongs to`);
      } else if (variable.equipment !== undefined && equipment.length > 0) {
        const machine = equipment.find(({ path }) => path === variable.equipment);
        const list = machine === undefined ? equipment.map(({ path }) => path) : machine.tags.map((one) => one.name);
        const wrong = machine === undefined ? variable.equipment : tag;
        // Tags of globs are known only to the running gateway.
        const open = machine !== undefined && (machine.browse ?? []).length > 0;
        if (wrong === undefined || list.includes(wrong) || open) continue;
        const meant = closest(wrong, list);
        const remedy = meant === null ? 'name one that is there' : `did you mean ${meant}?`;
        error(
          machine === undefined ? 'equipment' : 'tag',
          `${show(wrong)} is no ${machine === undefined ? 'equipment' : `tag of ${machine.path}`}; ${remedy}`,
        );
      }
    }
  }
  return problems;
}
