import { clientOf } from '../limits.ts';

export interface OfferRateOptions {
  /** Offers a second from one address, in the long run. */
  perSecond: number;
}

/** An address that was quiet may make the offers of so many seconds at once: people behind one address come together. */
const BURST_S = 10;
/** Addresses that are remembered; the ones not heard of for longest are forgotten beyond. */
const MOST_ADDRESSES = 20_000;

interface Known {
  /** Offers that may be made at `atMs`. */
  left: number;
  atMs: number;
}

/**
 * How often one client may offer a WebRTC session: each offer costs the reading of its SDP and a native connection, before anybody
 * knows whether it will ever connect. A client is an address, or a /64 of IPv6.
 */
export class OfferRate {
  readonly #perSecond: number;
  readonly #burst: number;
  /** The one heard of last comes last. */
  readonly #clients = new Map<string, Known>();

  constructor({ perSecond }: OfferRateOptions) {
    this.#perSecond = perSecond;
    this.#burst = perSecond * BURST_S;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#clients.size;
  }

  /**
   * One more offer. Those that are refused do not count: who waits as told is let in.
   * @param nowMs must not go back.
   * @returns 0: it may be made; else ms until it may.
   */
  take(ip: string, nowMs: number): number {
    const client = clientOf(ip);
    const known = this.#clients.get(client) ?? { left: this.#burst, atMs: nowMs };
    known.left = Math.min(this.#burst, known.left + ((nowMs - known.atMs) * this.#perSecond) / 1000);
    known.atMs = nowMs;
    this.#clients.delete(client);
    this.#clients.set(client, known);
    if (this.#clients.size > MOST_ADDRESSES) this.#forgetOldest();
    if (known.left < 1) return ((1 - known.left) * 1000) / this.#perSecond;
    known.left -= 1;
    return 0;
  }

  #forgetOldest(): void {
    for (const client of this.#clients.keys()) {
      this.#clients.delete(client);
      return;
    }
  }
}
