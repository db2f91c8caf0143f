import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PER_USER = 32;

/** From where each user has signed in so far; the first address is taken as it is, a new one later is worth an event. */
export class KnownAddresses {
  readonly #file: string;
  readonly #byUser: Map<string, string[]>;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string, byUser: Map<string, string[]>) {
    this.#file = file;
    this.#byUser = byUser;
  }

  static async open(dataDir: string): Promise<KnownAddresses> {
    const file = join(dataDir, 'addresses.json');
    const known = await readFile(file, 'utf8')
      .then((text): unknown => JSON.parse(text))
      .catch(() => ({}));
    const entries = typeof known === 'object' && known !== null ? Object.entries(known) : [];
    const lists = entries.map(([user, hosts]): [string, string[]] => [
      user,
      Array.isArray(hosts) ? hosts.filter((host) => typeof host === 'string') : [],
    ]);
    return new KnownAddresses(file, new Map(lists));
  }

  /** Notes where a user signs in from; true when the user is known, but not from there. */
  isNew(username: string, host: string): boolean {
    const hosts = this.#byUser.get(username) ?? [];
    if (hosts.includes(host)) return false;
    this.#byUser.set(username, [...hosts.slice(1 - PER_USER), host]);
    const text = JSON.stringify(Object.fromEntries(this.#byUser));
    this.#writing = this.#writing
      .then(() => writeFile(`${this.#file}.new`, text, { mode: 0o600 }))
      .then(() => rename(`${this.#file}.new`, this.#file))
      .catch(() => undefined);
    return hosts.length > 0;
  }

  /** Resolves when what was noted is written. */
  settled(): Promise<void> {
    return this.#writing;
  }
}
