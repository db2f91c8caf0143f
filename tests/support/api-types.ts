/** The part of JSON Schema that the API's document uses. */
type Schema = {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
};
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
type Operation = {
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
};
export type OpenApi = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

const ROOT = '/api/v1/';
const head = `// Generated from /openapi.json by "npm run generate:client"; do not edit. A test fails when the API and this file differ.
/* oxlint-disable max-lines */
`;

/**
 * TypeScript for the JSON answers of an OpenAPI document: one member for each path below /api/v1, with its query or body
 * and its answer, by method.
 */
export function renderApiTypes({ paths }: OpenApi): string {
  const blocks = (['get', 'post', 'put', 'patch', 'delete'] as const).flatMap((method) => {
    const members = Object.entries(paths)
      .filter(([path, methods]) => path.startsWith(ROOT) && methods[method] !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([path, methods]) => memberOf(path, methods[method]));
    const name = `Api${method.charAt(0).toUpperCase()}${method.slice(1)}s`;
    return members.length === 0
      ? []
      : [`/** ${method.toUpperCase()} by path below ${ROOT}. */\nexport type ${name} = {\n${members.join('\n')}\n};\n`];
  });
  return `${head}\n${blocks.join('\n')}`;
}

function memberOf(path: string, operation: Operation | undefined): readonly string[] {
  if (operation === undefined) return [];
  const { parameters = [], requestBody, responses } = operation;
  const json = responses['200']?.content?.['application/json']?.schema;
  const isEmpty = responses['204'] !== undefined;
  if (json === undefined && !isEmpty) return [];
  const query = parameters.filter((parameter) => parameter.in === 'query');
  const asked = query.map(({ name, required, schema }) =>
    member(name, { schema, isRequired: required === true && schema.default === undefined, depth: 2 }),
  );
  const body = requestBody?.content['application/json']?.schema;
  return [
    `  readonly ${JSON.stringify(path.slice(ROOT.length))}: {`,
    `    readonly query: ${asked.length === 0 ? 'Readonly<Record<never, never>>' : `{\n${asked.join('\n')}\n    }`};`,
    ...(body === undefined ? [] : [`    readonly body: ${typeOf(body, 2)};`]),
    `    readonly answer: ${json === undefined ? 'null' : typeOf(json, 2)};`,
    '  };',
  ];
}

type Member = { readonly schema: Schema; readonly isRequired: boolean; readonly depth: number };

function member(name: string, { schema, isRequired, depth }: Member): string {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
  return `${'  '.repeat(depth + 1)}readonly ${key}${isRequired ? '' : '?'}: ${typeOf(schema, depth + 1)};`;
}

/** A schema as a type; what has no form here is unknown, never any. */
function typeOf(schema: Schema, depth: number): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => typeOf(one, depth)).join(' | ');
  const { type = 'anything' } = schema;
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return `(${typeOf(schema.items ?? {}, depth)})[]`;
    case 'object':
      return objectOf(schema, depth);
    default:
      return 'unknown';
  }
}

function objectOf(
  { properties, required = [], patternProperties, additionalProperties }: Schema,
  depth: number,
): string {
  if (properties !== undefined) {
    const members = Object.entries(properties).map(([name, schema]) =>
      member(name, { schema, isRequired: required.includes(name), depth }),
    );
    return members.length === 0 ? 'Readonly<Record<never, never>>' : `{\n${members.join('\n')}\n${'  '.repeat(depth)}}`;
  }
  const [pattern] = Object.values(patternProperties ?? {});
  const values = pattern ?? (typeof additionalProperties === 'object' ? additionalProperties : {});
  return `Readonly<Record<string, ${typeOf(values, depth)}>>`;
}
