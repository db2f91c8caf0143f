import { BlockList, isIP } from 'node:net';
import { JoulegateError } from '../contract/error.ts';

/** Why a connection is not taken. */
export type ConnectionFault = 'address-unknown' | 'connections' | 'connections-per-address' | 'connection-rate';

export type ConnectionLimits = {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly connectionsPerSecond: number;
};
type PerAddress = { open: number; tokens: number; at: number };

const ADDRESSES_KEPT = 10_000;

/** Counts connections in all and per address, and how fast they come. */
export class ConnectionGate {
  readonly #limits: ConnectionLimits;
  readonly #allowed: BlockList | null;
  readonly #addresses = new Map<string, PerAddress>();
  open = 0;
  /** Taken in since the start. */
  total = 0;

  /** @throws JoulegateError CONFIG_INVALID for a text that is no address or network. */
  constructor(limits: ConnectionLimits, allowed?: readonly string[]) {
    this.#limits = limits;
    this.#allowed = allowed === undefined ? null : networks(allowed);
  }

  /** Takes a connection in, or says why not. `leave` must be called for each that was taken. */
  enter(host: string, at: number): ConnectionFault | null {
    const { maxConnections, maxConnectionsPerAddress, connectionsPerSecond } = this.#limits;
    const address = plainAddress(host);
    if (this.#allowed?.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') === false) return 'address-unknown';
    const entry = this.#addresses.get(host) ?? { open: 0, tokens: 2 * connectionsPerSecond, at };
    this.#addresses.set(host, entry);
    entry.tokens = Math.min(
      2 * connectionsPerSecond,
      entry.tokens + (Math.max(0, at - entry.at) / 1000) * connectionsPerSecond,
    );
    entry.at = at;
    if (entry.tokens < 1) return 'connection-rate';
    entry.tokens -= 1;
    if (this.open >= maxConnections) return 'connections';
    if (entry.open >= maxConnectionsPerAddress) return 'connections-per-address';
    entry.open += 1;
    this.open += 1;
    this.total += 1;
    this.#tidy(at);
    return null;
  }

  leave(host: string): void {
    this.open -= 1;
    const entry = this.#addresses.get(host);
    if (entry !== undefined) entry.open -= 1;
  }

  #tidy(at: number): void {
    if (this.#addresses.size < ADDRESSES_KEPT) return;
    for (const [host, entry] of this.#addresses)
      if (entry.open === 0 && at - entry.at > 2000) this.#addresses.delete(host);
  }
}

/** An IPv4 address that came over an IPv6 socket, as itself. */
function plainAddress(host: string): string {
  return host.startsWith('::ffff:') ? host.slice(7) : host;
}

function networks(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', bits] = text.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    try {
      if (bits === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(bits), family);
    } catch (error) {
      throw new JoulegateError(
        'CONFIG_INVALID',
        `broker.allowedAddresses: "${text}" is no address or network; write e.g. 10.2.0.7 or 10.2.0.0/16`,
        { cause: error },
      );
    }
  }
  return list;
}
