import type { Connection } from './connection.ts';
import { Crowd, type Member } from './crowd.ts';

/** A place among those of an address that are counted is kept for so long after who had it left. */
const PLACE_KEPT_MS = 600_000;

interface Place {
  address: string;
  /** null: it is there. */
  leftAtMs: number | null;
}

/**
 * Those in a room who are not logged in: they hear everything and have no name. As viewers count so many of each address:
 * others are there without being counted, or numbers would be for sale.
 */
export class Visitors {
  readonly #crowd = new Crowd();
  readonly #perAddress: number;
  readonly #places = new Map<string, Place>();
  readonly #taken = new Map<string, number>();
  #count = 0;

  /** @param perAddress that are counted. */
  constructor(perAddress: number) {
    this.#perAddress = perAddress;
  }

  /** That are there, counted or not. */
  get size(): number {
    return this.#crowd.size;
  }

  /** That count as viewers. */
  get count(): number {
    return this.#count;
  }

  get(userId: string): Member | undefined {
    return this.#crowd.get(userId);
  }

  [Symbol.iterator](): Iterator<Member> {
    return this.#crowd[Symbol.iterator]();
  }

  /** @returns whether it counts, and did not before. */
  enter(connection: Connection): boolean {
    const { member, isNew } = this.#crowd.enter(connection);
    return isNew && this.#sit(member.user.userId, connection.address);
  }

  /** Takes a connection away. @returns the visitor when it was its last. */
  drop(connection: Connection): Member | null {
    return this.#crowd.drop(connection);
  }

  remove(userId: string, nowMs: number): void {
    this.#crowd.remove(userId);
    this.uncount(userId, nowMs);
  }

  /** It is known by a name now, under which it is counted. */
  uncount(userId: string, nowMs: number): void {
    const place = this.#places.get(userId);
    if (place?.leftAtMs !== null) return;
    place.leftAtMs = nowMs;
    this.#count -= 1;
  }

  /** Gives places free of those who are gone for long. */
  sweep(nowMs: number): void {
    for (const [userId, { address, leftAtMs }] of this.#places) {
      if (leftAtMs === null || nowMs - leftAtMs < PLACE_KEPT_MS) continue;
      this.#places.delete(userId);
      const left = (this.#taken.get(address) ?? 1) - 1;
      if (left > 0) this.#taken.set(address, left);
      else this.#taken.delete(address);
    }
  }

  #sit(userId: string, address: string): boolean {
    const place = this.#places.get(userId);
    if (place) {
      if (place.leftAtMs === null) return false;
      place.leftAtMs = null;
    } else {
      const taken = this.#taken.get(address) ?? 0;
      if (taken >= this.#perAddress) return false;
      this.#taken.set(address, taken + 1);
      this.#places.set(userId, { address, leftAtMs: null });
    }
    this.#count += 1;
    return true;
  }
}
