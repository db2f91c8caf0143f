import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import {
  anything,
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  dictionary,
  integer,
  json,
  oneof,
  option,
  record,
  string,
  type Arbitrary,
} from 'fast-check';
import { Type, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadReportFont } from '../../seeds/load-font.ts';
import { alertOf, ask, createPlant, startTestApi, TOKEN, type Answer } from '../../tests/support/api-plant.ts';
import { reportInput, reportObjects, ZONE } from '../../tests/support/report-plant.ts';
import { createReporter } from '../reports/reporter.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import { ValueAddedBook } from '../store/value-added-book.ts';
import { ProblemDetails } from './schemas.ts';
import type { ApiServer } from './server.ts';

type Schema = TSchema & {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly examples?: readonly string[];
};
type Operation = {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: object;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
};
type Call = {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
};

const RUNS = 120;
let folder: string;
let store: EmbeddedStore;
let api: ApiServer;
let document: string;
let operations: (Operation & { readonly method: string; readonly url: string })[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-openapi-'));
  store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  const input = await reportInput();
  await store.write({ windows: [...input.windows, ...input.siteHours], scores: [], episodes: [], checkpoints: [] });
  for (let index = 0; index < 5; index += 1) await store.save(alertOf(`alert-${index}`));
  const valueAdded = new ValueAddedBook(join(folder, 'value-added.jsonl'));
  const now = () => Date.UTC(2026, 10, 5);
  const reports = createReporter({
    store,
    site: { enterprise: 'acme', name: 'pudong', displayName: {}, timezone: ZONE },
    objects: () => reportObjects,
    targets: [],
    accounts: input.rules,
    quotas: [],
    valueAdded,
    font: loadReportFont,
    now,
  });
  api = await startTestApi({
    store,
    alerts: store,
    view: createPlant(store),
    reports,
    valueAdded,
    accounts: input.rules,
    requestsPerMinute: 1_000_000,
    now,
  });
  document = (await ask(api, '/openapi.json')).text;
  const { paths } = JSON.parse(document) as { paths: Record<string, Record<string, Operation>> };
  operations = Object.entries(paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), url })),
  );
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe('the OpenAPI document', () => {
  it('has nothing a strict linter objects to', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const problems = await lintFromString({ source: document, config });
    expect(
      problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer ?? ''})`),
    ).toEqual([]);
  });

  it('names every operation once', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(['getEnergy', 'getReportsMonth', 'postAlertsIdAcknowledge']));
  });

  it('says the units of every figure', () => {
    const answers = operations
      .filter(({ url }) => /energy$|account$|breakdown$|target$|intensity$|equipment$|allocation$/.test(url))
      .map(({ url, responses }) => [url, responses['200']?.content?.['application/json']?.schema] as const);
    expect(answers.length).toBeGreaterThan(5);
    const without = answers.filter(([, schema]) => !Object.hasOwn(Object(schema).properties ?? {}, 'units'));
    expect(without.map(([url]) => url)).toEqual([]);
  });
});

/** Values for a parameter: what its schema allows, what looks alike, and what is hostile. */
function valuesFor(name: string, { enum: allowed, type, examples }: Schema): Arbitrary<string> {
  const likely: Arbitrary<string>[] = [
    constant(''),
    string({ unit: 'grapheme', maxLength: 40 }),
    string({ unit: 'binary' }),
  ];
  if (allowed !== undefined) likely.push(constantFrom(...allowed), constantFrom(...allowed));
  if (examples !== undefined) likely.push(constantFrom(...examples));
  if (type === 'integer')
    likely.push(integer({ min: -5, max: 2000 }).map(String), constantFrom('1e3', '0x10', '99999999999999999999'));
  if (type === 'boolean') likely.push(constantFrom('true', 'false', '1', 'yes'));
  if (name === 'path' || name === 'equipment')
    likely.push(
      constantFrom(
        '',
        'stamping',
        'stamping/press-line/press-1',
        'stamping/press-line',
        '../..',
        'a'.repeat(300),
        '__proto__',
      ),
    );
  if (name === 'from' || name === 'to' || name.startsWith('base'))
    likely.push(
      constantFrom(
        '2026-10-01',
        '2026-10',
        '2026-11',
        '2016-01-01',
        '2036-01-01',
        '2026-10-05T08:00:00+08:00',
        '2026-10-05T08:00:00Z',
        '1970-01-01',
        '-1',
        '2199-12-31',
        '2026-02-30',
        '275760-09-13',
      ),
    );
  if (name === 'month') likely.push(constantFrom('2026-10', '2026-09', '1999-01', '2199-12', '2026-13', '2026-1'));
  if (name === 'id') likely.push(constantFrom('alert-1', 'alert-9', '%2e%2e', 'a'.repeat(129)));
  if (name === 'cursor') likely.push(constantFrom('WzEsIngiXQ', 'W10', 'bnVsbA', '!!!'));
  return oneof(...likely);
}

const headers: Arbitrary<Record<string, string>> = record(
  {
    accept: constantFrom(
      'application/json',
      'text/csv',
      'text/csv;q=0.9, */*;q=0.1',
      '*/*',
      'image/png',
      ';;;q=x',
      'text/csv;q=1e9',
    ),
    'accept-language': constantFrom('zh', 'en', 'zh-CN,en;q=0.5', '*', 'q=;;', 'a'.repeat(500)),
    'if-none-match': constantFrom('*', '"x"', 'W/"y", "z"', '""'),
    'content-type': constantFrom(
      'application/json',
      'application/json; charset=utf-8',
      'text/plain',
      'multipart/form-data',
      'x',
    ),
    range: constantFrom('bytes=0-1', 'bytes=9-1'),
    authorization: constant(`Bearer ${TOKEN}`),
  },
  { requiredKeys: [] },
);

const monthEntry = record({
  month: constantFrom('2026-01', '2026-12', '2026-13', ''),
  nominal: oneof(integer({ min: -5, max: 1000 }), constant(null), string()),
  priceIndex: oneof(integer({ min: -5, max: 200 }), constant(1e308)),
  status: constantFrom('provisional', 'final', 'x'),
  source: string({ unit: 'grapheme', maxLength: 300 }),
});
const bodies: Arbitrary<string | undefined> = option(
  oneof(
    json(),
    string(),
    constantFrom('', '{', '[]', 'null', '{"__proto__":{"x":1}}', `{"items":${'['.repeat(2000)}`),
    record({ items: array(monthEntry, { maxLength: 3 }) }).map((body) => JSON.stringify(body)),
    record({ token: oneof(string(), anything()) }).map((body) => JSON.stringify(body) ?? ''),
  ),
  { nil: undefined },
);

function callsOf({ method, url, parameters = [], requestBody }: (typeof operations)[number]): Arbitrary<Call> {
  const inPath = parameters.filter(({ in: place }) => place === 'path');
  const inQuery = parameters.filter(({ in: place }) => place === 'query');
  const of = (some: typeof parameters) =>
    Object.fromEntries(some.map(({ name, schema }) => [name, valuesFor(name, schema)]));
  return record({
    path: record(of(inPath)),
    query: record(of(inQuery), { requiredKeys: [] }),
    stray: dictionary(string({ maxLength: 8 }), string({ maxLength: 8 }), { maxKeys: 1 }),
    isStray: constantFrom(false, false, false, true),
    headers,
    body: requestBody === undefined && method !== 'POST' ? constant(undefined) : bodies,
  }).map(({ path, query, stray, isStray, headers: sent, body }) => {
    const text = (value: unknown): string => String(value);
    const filled = url.replaceAll(/\{(\w+)\}/g, (_match, name: string) =>
      encodeURIComponent(text(path[name]).toWellFormed()),
    );
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...query, ...(isStray ? stray : {}) }))
      search.append(name, text(value));
    return {
      method,
      path: search.size === 0 ? filled : `${filled}?${search.toString()}`,
      headers: sent,
      ...(body === undefined ? {} : { body }),
    };
  });
}

const problemCheck = Compile(ProblemDetails);
const checks = new Map<string, ReturnType<typeof Compile>>();

/** What is wrong with an answer, in words; null when it keeps what the document promises. */
function broken({ status, headers: got, text }: Answer, { operationId, responses }: Operation): string | null {
  const type = (got['content-type'] ?? '').split(';')[0] ?? '';
  if (status >= 500 && status !== 503) return `status ${status}: ${text.slice(0, 300)}`;
  if (status >= 400) {
    if (type === 'application/problem+json' && problemCheck.Check(JSON.parse(text))) return null;
    return status === 503 ? null : `${status} is no problem+json: ${type} ${text.slice(0, 200)}`;
  }
  const answer = responses[String(status)];
  if (answer === undefined) return `status ${status} is not in the document`;
  if (status === 304 || status === 204) return text === '' ? null : `${status} has a body`;
  const schema = answer.content?.[type]?.schema;
  if (schema === undefined) return `type ${type} of ${status} is not in the document`;
  if (type !== 'application/json') return null;
  const key = `${operationId} ${status}`;
  const check = checks.get(key) ?? Compile(Type.Unsafe(schema));
  checks.set(key, check);
  const value: unknown = JSON.parse(text);
  return check.Check(value) ? null : JSON.stringify([...check.Errors(value)].slice(0, 3));
}

describe('whatever is asked', () => {
  it('no answer is a 5xx, and every answer is what the document says', { timeout: 180_000 }, async () => {
    const counted = new Map<number, number>();
    for (const operation of operations.filter(({ url }) => url !== '/api/v1/events')) {
      // A report takes time, and a wrong token is held back.
      const runs = /reports|session/.test(operation.url) ? RUNS / 6 : RUNS;
      await assert(
        asyncProperty(callsOf(operation), async (call) => {
          const answer = await ask(api, call.path, call);
          counted.set(answer.status, (counted.get(answer.status) ?? 0) + 1);
          expect([call, broken(answer, operation)]).toEqual([call, null]);
        }),
        { numRuns: runs },
      );
    }
    const total = [...counted.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(1500);
    // Hostile calls alone would prove nothing about the answers.
    expect(counted.get(200) ?? 0).toBeGreaterThan(total / 10);
  });
});
