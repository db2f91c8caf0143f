import { createHmac, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { describeError, JoulegateError } from '../contract/error.ts';

/**
 * What a user may do; see permissions.ts. A gateway's user name is its publisher id; `device` has only the rules given
 * to it, `bridge` likewise, and what it publishes is never forwarded by a bridge of ours.
 */
export const userRoles = ['gateway', 'scoring', 'viewer', 'device', 'bridge'] as const;
export type UserRole = (typeof userRoles)[number];

const UserRecord = Type.Object({
  username: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' }),
  role: Type.Enum(userRoles),
  /** Topic filters beside those of the role; %u is the user name, %c the client id. */
  publish: Type.Optional(Type.Array(Type.String())),
  subscribe: Type.Optional(Type.Array(Type.String())),
  /** Whether the user may subscribe with wildcards; default that of the role. */
  wildcards: Type.Optional(Type.Boolean()),
  salt: Type.String(),
  hash: Type.String(),
  /** scrypt cost; a higher one can be set for new passwords without breaking old ones. */
  cost: Type.Integer(),
});
type UserRecord = Static<typeof UserRecord>;
const UsersFile = Type.Object({ users: Type.Array(UserRecord) });
const checkUsers = Compile(UsersFile);

export type User = {
  readonly username: string;
  readonly role: UserRole;
  readonly publish?: readonly string[];
  readonly subscribe?: readonly string[];
  readonly wildcards?: boolean;
};
export type Credentials = { readonly username: string; readonly password: string };

/** 2^14 × 8 × 128 B = 16 MiB and some 50 ms per check, which a small box can bear twice at a time. */
const COST = 16_384;
const KEY_BYTES = 32;
const AT_ONCE = 2;
const scryptAsync = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

const fileOf = (dataDir: string): string => join(dataDir, 'users.json');

/** Creates the users that are missing with generated passwords and returns the credentials of those, and only those. */
export async function ensureUsers(dataDir: string, wanted: readonly User[]): Promise<Credentials[]> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const users = await readUsers(dataDir);
  const made: Credentials[] = [];
  for (const user of wanted) {
    if (users.some(({ username }) => username === user.username)) continue;
    const password = randomBytes(24).toString('base64url');
    users.push({ ...publicPart(user), ...(await hashPassword(password)) });
    made.push({ username: user.username, password });
  }
  if (made.length > 0) await writeUsers(dataDir, users);
  return made;
}

/** Sets a user's password and rules, making the user when there is none. */
export async function setPassword(dataDir: string, user: User, password: string): Promise<void> {
  const users = (await readUsers(dataDir)).filter(({ username }) => username !== user.username);
  users.push({ ...publicPart(user), ...(await hashPassword(password)) });
  await writeUsers(dataDir, users);
}

/** Names, roles and rules, without anything secret. */
export async function listUsers(dataDir: string): Promise<User[]> {
  return (await readUsers(dataDir)).map(publicPart);
}

/** false when there was no such user. */
export async function removeUser(dataDir: string, username: string): Promise<boolean> {
  const users = await readUsers(dataDir);
  const kept = users.filter((user) => user.username !== username);
  if (kept.length === users.length) return false;
  await writeUsers(dataDir, kept);
  return true;
}

/** Checks passwords against the users file, which is read again when it has changed. */
export class UserDirectory {
  readonly #dataDir: string;
  #users: ReadonlyMap<string, UserRecord> = new Map();
  #readAt = '';
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Checked when the user is unknown, so that the answer takes as long as for a wrong password. */
  readonly #nobody = { salt: randomBytes(16).toString('base64'), hash: '', cost: COST };
  /** Passwords that matched since the file was read, under a key of this process, so that a reconnect need not wait again. */
  readonly #key = randomBytes(32);
  readonly #matched = new Map<string, Buffer>();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** The user when name and password match, otherwise null. At most two checks run at once, the others wait. */
  async verify(username: string, password: Buffer): Promise<User | null> {
    await this.refresh();
    const user = this.#users.get(username);
    const mark = createHmac('sha256', this.#key).update(password).digest();
    const known = (): boolean => {
      const before = this.#matched.get(username);
      return before !== undefined && timingSafeEqual(before, mark);
    };
    if (user !== undefined && known()) return publicPart(user);
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
    try {
      if (user !== undefined && this.#users.get(username) === user && known()) return publicPart(user);
      const matches = await passwordMatches(password, user ?? this.#nobody);
      if (user === undefined || !matches || this.#users.get(username) !== user) return null;
      this.#matched.set(username, mark);
      return publicPart(user);
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** The user of that name, for whom something else than a password has vouched. */
  async find(username: string): Promise<User | null> {
    await this.refresh();
    const user = this.#users.get(username);
    return user === undefined ? null : publicPart(user);
  }

  /** Reads the file when it has changed, and tells whose record is gone or another one. @throws JoulegateError CONFIG_INVALID. */
  async refresh(): Promise<readonly string[]> {
    const { mtimeMs, size, ino } = await stat(fileOf(this.#dataDir)).catch(() => ({ mtimeMs: 0, size: 0, ino: 0 }));
    const version = `${mtimeMs}/${size}/${ino}`;
    if (version === this.#readAt) return [];
    const before = this.#users;
    this.#users = new Map((await readUsers(this.#dataDir)).map((user) => [user.username, user]));
    this.#readAt = version;
    this.#matched.clear();
    return [...before.values()]
      .filter((user) => JSON.stringify(user) !== JSON.stringify(this.#users.get(user.username)))
      .map(({ username }) => username);
  }
}

function publicPart({
  username,
  role,
  publish,
  subscribe,
  wildcards,
}: User): User & { publish?: string[]; subscribe?: string[] } {
  return {
    username,
    role,
    ...(publish === undefined ? {} : { publish: [...publish] }),
    ...(subscribe === undefined ? {} : { subscribe: [...subscribe] }),
    ...(wildcards === undefined ? {} : { wildcards }),
  };
}

async function passwordMatches(password: Buffer, record: Pick<UserRecord, 'salt' | 'hash' | 'cost'>): Promise<boolean> {
  const hash = await scryptAsync(
    password.toString('utf8'),
    Buffer.from(record.salt, 'base64'),
    KEY_BYTES,
    scryptOptions(record.cost),
  );
  const known = Buffer.from(record.hash, 'base64');
  return known.length === hash.length && timingSafeEqual(known, hash);
}

async function hashPassword(password: string): Promise<Pick<UserRecord, 'salt' | 'hash' | 'cost'>> {
  const salt = randomBytes(16);
  const hash = await scryptAsync(password, salt, KEY_BYTES, scryptOptions(COST));
  return { salt: salt.toString('base64'), hash: hash.toString('base64'), cost: COST };
}

function scryptOptions(cost: number): ScryptOptions {
  return { N: cost, r: 8, p: 1, maxmem: 256 * cost * 8 };
}

async function readUsers(dataDir: string): Promise<UserRecord[]> {
  const file = fileOf(dataDir);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return [];
  }
  try {
    const content: unknown = JSON.parse(text);
    if (checkUsers.Check(content)) return content.users;
    throw new Error(checkUsers.Errors(content)[0]?.message ?? 'wrong shape');
  } catch (error) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `users file ${file} is damaged (${describeError(error)}); restore it, or delete it to have new credentials made`,
      { cause: error },
    );
  }
}

async function writeUsers(dataDir: string, users: readonly UserRecord[]): Promise<void> {
  const file = fileOf(dataDir);
  await writeFile(`${file}.new`, `${JSON.stringify({ users }, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
