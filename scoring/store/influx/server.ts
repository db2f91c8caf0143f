import { durationMs } from '../../../broker/contract/duration.ts';
import type { InfluxSection } from '../../config.ts';
import { quoteName } from './influxql.ts';
import type { Answer } from './write-outcome.ts';

export type InfluxGeneration = 1 | 2 | 3;

export type InfluxServerFacts = {
  readonly generation: InfluxGeneration;
  /** What the server says it is, e.g. 1.6.7; 'unknown' where a proxy hides it. */
  readonly version: string;
  /** Why database or bucket could not be created; '' when it was, or was there. */
  readonly hint: string;
};

export type Ask = (
  method: 'GET' | 'POST',
  path: string,
  content?: { readonly body: string; readonly type: string },
) => Promise<Answer>;

/**
 * Finds out the generation and creates database or bucket (with `retention` when given) where the user may. Not being
 * allowed to create is no error: a user without the right may still write. @throws Error when the server does not answer.
 */
export async function meetServer(section: InfluxSection, ask: Ask): Promise<InfluxServerFacts> {
  const version = versionOf(await ask('GET', '/ping')) ?? versionOf(await ask('GET', '/health')) ?? 'unknown';
  const generation = generationOf(version, section);
  const hint = await create[generation](section, ask);
  return { version, generation, hint };
}

/** Where lines of ms precision go. 1.6 has no way but `/write`; 3 answers the address of 2.x. */
export function writePath(section: InfluxSection, { generation }: InfluxServerFacts): string {
  const { database, org = '' } = section;
  return generation === 1
    ? `/write?${new URLSearchParams({ db: database, precision: 'ms' }).toString()}`
    : `/api/v2/write?${new URLSearchParams({ org, bucket: database, precision: 'ms' }).toString()}`;
}

/** A proxy may hide the version: a token belongs to 2.x and 3. */
function generationOf(version: string, section: InfluxSection): InfluxGeneration {
  const major = Number(/^(\d+)\./.exec(version)?.[1] ?? (section.token === undefined ? 1 : 2));
  return major <= 1 ? 1 : major === 2 ? 2 : 3;
}

function versionOf({ headers, body }: Answer): string | null {
  const header = headers['x-influxdb-version'];
  const text = typeof header === 'string' ? header : /"version"\s*:\s*"([^"]+)"/.exec(body)?.[1];
  return text === undefined || text === '' ? null : text.replace(/^v/, '');
}

const reasonIn = (answer: Answer): string => answer.body.trim().slice(0, 200) || `HTTP ${answer.status}`;
const json = (value: object): { body: string; type: string } => ({
  body: JSON.stringify(value),
  type: 'application/json',
});

const create: Readonly<Record<InfluxGeneration, (section: InfluxSection, ask: Ask) => Promise<string>>> = {
  1: async ({ database, retention }, ask) => {
    const duration = retention === undefined ? '' : ` WITH DURATION ${Math.ceil(durationMs(retention) / 1000)}s`;
    const answer = await ask('POST', '/query', {
      body: new URLSearchParams({ q: `CREATE DATABASE ${quoteName(database)}${duration}` }).toString(),
      type: 'application/x-www-form-urlencoded',
    });
    return answer.body.includes('"error"') ? reasonIn(answer) : '';
  },
  2: createBucket,
  3: async ({ database, retention }, ask) => {
    const period = retention === undefined ? {} : { retention_period: `${Math.ceil(durationMs(retention) / 1000)}s` };
    const answer = await ask('POST', '/api/v3/configure/database', json({ db: database, ...period }));
    // 409: it is there already.
    return answer.status < 300 || answer.status === 409 ? '' : reasonIn(answer);
  },
};

/** Bucket of 2.x and the mapping by which InfluxQL finds it. */
async function createBucket({ database, org = '', retention }: InfluxSection, ask: Ask): Promise<string> {
  const listed = await ask('GET', `/api/v2/buckets?${new URLSearchParams({ org, name: database }).toString()}`);
  let bucket = firstId(listed, 'buckets');
  const organisations = await ask('GET', `/api/v2/orgs?${new URLSearchParams({ org }).toString()}`);
  const orgID = firstId(organisations, 'orgs');
  if (orgID === null) return `organisation ${org} is not known to this token: ${reasonIn(organisations)}`;
  if (bucket === null) {
    const retentionRules =
      retention === undefined ? [] : [{ type: 'expire', everySeconds: Math.ceil(durationMs(retention) / 1000) }];
    const made = await ask('POST', '/api/v2/buckets', json({ orgID, name: database, retentionRules }));
    bucket = idOf(parsed(made));
    if (bucket === null) return reasonIn(made);
  }
  const mappings = await ask('GET', `/api/v2/dbrps?${new URLSearchParams({ orgID, db: database }).toString()}`);
  if (firstOf(parsed(mappings), 'content') !== null) return '';
  const mapping = { orgID, bucketID: bucket, database, retention_policy: 'autogen', default: true };
  const mapped = await ask('POST', '/api/v2/dbrps', json(mapping));
  return mapped.status < 300 ? '' : reasonIn(mapped);
}

function parsed({ body }: Answer): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function firstOf(value: unknown, list: string): unknown {
  if (typeof value !== 'object' || value === null) return null;
  const members = (value as Readonly<Record<string, unknown>>)[list];
  return Array.isArray(members) ? (members[0] ?? null) : null;
}

function idOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('id' in value)) return null;
  return typeof value.id === 'string' ? value.id : null;
}

const firstId = (answer: Answer, list: string): string | null => idOf(firstOf(parsed(answer), list));
