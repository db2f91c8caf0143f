import { JoulegateError } from '../../broker/contract/error.ts';

/** Keys and indexes from the top of the file. */
export type ConfigPath = readonly (string | number)[];

/** Something wrong at one place of plant.yaml. */
export type ConfigProblem = { readonly line: number; readonly path: ConfigPath; readonly message: string };

const MOST_LISTED = 10;

/** A plant.yaml that was refused, with every place that is wrong. */
export class PlantConfigError extends JoulegateError {
  readonly problems: readonly ConfigProblem[];
  constructor(file: string, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super('CONFIG_INVALID', listProblems(file, problems), options);
    this.problems = problems;
  }
}

/** `gateway.servers[0].securityPolicy`; keys that are no plain words stand in brackets and quotes. */
export function pathText(path: ConfigPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** `plant.yaml:41 gateway.servers[0].securityPolicy: "Basic512" is not known; …` */
export function problemText(file: string, { line, path, message }: ConfigProblem): string {
  const key = pathText(path);
  return key === '' ? `${file}:${line} ${message}` : `${file}:${line} ${key}: ${message}`;
}

function listProblems(file: string, problems: readonly ConfigProblem[]): string {
  const [first] = problems;
  if (problems.length === 1 && first !== undefined) return problemText(file, first);
  const lines = [...problems]
    .sort((a, b) => a.line - b.line)
    .slice(0, MOST_LISTED)
    .map((problem) => `  ${problemText(file, problem)}`);
  const rest = problems.length - lines.length;
  return [`${file} has ${problems.length} errors`, ...lines, ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n');
}
