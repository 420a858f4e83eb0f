import { isIPv6 } from 'node:net';

export interface ConnectionLimitsOptions {
  maxConnections: number;
  maxConnectionsPerIp: number;
}

/**
 * How many connections a worker takes, in all and from one client; shared by all its ports. Each `admit` that answered
 * true needs one `release` with the same address.
 */
export class ConnectionLimits {
  readonly #options: ConnectionLimitsOptions;
  readonly #clients = new Map<string, number>();
  #open = 0;

  constructor(options: ConnectionLimitsOptions) {
    this.#options = options;
  }

  /** Connections admitted and not released. */
  get open(): number {
    return this.#open;
  }

  admit(ip: string): boolean {
    const client = clientOf(ip);
    const open = this.#clients.get(client) ?? 0;
    if (this.#open >= this.#options.maxConnections || open >= this.#options.maxConnectionsPerIp) return false;
    this.#open += 1;
    this.#clients.set(client, open + 1);
    return true;
  }

  release(ip: string): void {
    const client = clientOf(ip);
    const open = this.#clients.get(client);
    if (open === undefined) return;
    this.#open -= 1;
    if (open > 1) this.#clients.set(client, open - 1);
    else this.#clients.delete(client);
  }
}

/** One IPv6 client has a whole /64 (RFC 6177), so that is what counts as one; IPv4 in IPv6 counts as IPv4. */
export function clientOf(ip: string): string {
  if (!isIPv6(ip)) return ip;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = ip.toLowerCase().split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0');
  return [...first, ...zeros, ...last].slice(0, 4).join(':');
}
