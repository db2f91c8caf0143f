import { dirname } from 'node:path';
import type { TSchema } from 'typebox';
import { JoulegateError } from '../../broker/contract/error.ts';
import { withDefaults } from './defaults.ts';
import { PlantConfigError, problemText, type ConfigProblem } from './problem.ts';
import { schemaProblems, type PathProblem } from './schema-problems.ts';
import { PlantConfig, sectionNames, type SectionName } from './schema.ts';
import { resolveReferences } from './secrets.ts';
import { semanticFindings } from './semantic.ts';
import { readYaml, type YamlSource } from './source.ts';

export type LoadOptions = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative `file:` references start from; default: the folder of the file. */
  readonly baseDir?: string;
  /** Only these sections (and `plant`) are checked, resolved and returned; default all. */
  readonly sections?: readonly SectionName[];
  /** Called with `file:line key: …` for what is allowed, but should be looked at. */
  readonly onWarning?: (text: string) => void;
};

/**
 * Reads plant.yaml, replaces references to secrets, checks it and fills in the defaults.
 * @throws JoulegateError CONFIG_UNREADABLE, or CONFIG_INVALID naming line and key of each error.
 */
export async function loadPlantConfig(file: string, options: LoadOptions): Promise<PlantConfig> {
  return checkPlantConfig(await readYaml(file), options);
}

/** The same for a source that has been parsed already. */
export async function checkPlantConfig(source: YamlSource, options: LoadOptions): Promise<PlantConfig> {
  const { file, lineOf } = source;
  const { env, baseDir = dirname(file), sections = sectionNames, onWarning } = options;
  const read = ownSections(source, sections);
  const errors: PathProblem[] = [];
  const warnings: PathProblem[] = [];
  const resolved = await resolveReferences(read, [], {
    env,
    baseDir,
    onProblem: (path, message) => errors.push({ path, message }),
    onLiteral: (path) =>
      warnings.push({ path, message: 'a secret stands in the file itself; use file:PATH or ${ENV}' }),
  });
  const unresolved = new Set(errors.map(({ path }) => JSON.stringify(path)));
  const filled = withSectionDefaults(resolved);
  for (const problem of schemaProblems(PlantConfig, filled)) {
    if (!unresolved.has(JSON.stringify(problem.path))) errors.push(problem);
  }
  const config = filled as PlantConfig;
  if (errors.length === 0) {
    const findings = semanticFindings(config);
    errors.push(...findings.errors);
    warnings.push(...findings.warnings);
  }
  const located = (problems: readonly PathProblem[]): ConfigProblem[] =>
    problems.map(({ path, message }) => ({ path, message, line: lineOf(path) }));
  if (errors.length > 0) throw new PlantConfigError(file, located(errors));
  for (const warning of located(warnings)) onWarning?.(problemText(file, warning));
  return config;
}

/** A section that is missing stays missing: it says which services run here. */
function withSectionDefaults(resolved: unknown): Record<string, unknown> {
  const schemas: Readonly<Record<string, TSchema>> = PlantConfig.properties;
  return Object.fromEntries(
    Object.entries(resolved as Record<string, unknown>).map(([key, section]) => {
      const schema = Object.hasOwn(schemas, key) ? schemas[key] : undefined;
      return [key, schema === undefined ? section : withDefaults(schema, section)];
    }),
  );
}

function ownSections({ file, value, document }: YamlSource, sections: readonly SectionName[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const empty = document.contents === null;
    throw new JoulegateError(
      'CONFIG_INVALID',
      `${file}:1 ${empty ? 'the file is empty' : 'is not a map of sections'}; it needs the section plant and one or more of ${sectionNames.join(', ')}`,
    );
  }
  return Object.fromEntries(Object.entries(value).filter(([key]) => !isSection(key) || sections.includes(key)));
}

const isSection = (key: string): key is SectionName => (sectionNames as readonly string[]).includes(key);

/** The section of a loaded file. @throws JoulegateError CONFIG_INVALID when the file has none. */
export function requireSection<Name extends SectionName>(
  config: PlantConfig,
  name: Name,
  file: string,
): NonNullable<PlantConfig[Name]> {
  const section = config[name];
  if (section === undefined) {
    throw new JoulegateError('CONFIG_INVALID', `${file} has no section ${name}; add it to start this service`);
  }
  return section;
}

/** Ids that sign in to the broker, read leniently from the sections of other services; null where there is no section. */
export async function readPrincipals(
  file: string,
): Promise<{ readonly gateway: string | null; readonly scoring: string | null }> {
  const { value } = await readYaml(file);
  const idOf = (section: SectionName, key: string, fallback: string): string | null => {
    const found = (value as Record<string, unknown> | null)?.[section];
    if (typeof found !== 'object' || found === null) return null;
    const id = (found as Record<string, unknown>)[key];
    return typeof id === 'string' ? id : fallback;
  };
  return { gateway: idOf('gateway', 'publisherId', 'gateway-1'), scoring: idOf('scoring', 'id', 'scoring') };
}
