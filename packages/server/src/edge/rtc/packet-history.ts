import type { SharedPacket } from './outgoing.ts';

/** About two seconds of a usual picture. */
const KEPT = 512;

/**
 * The newest packets of a track as all its viewers get them, for those who ask again: one copy, however many watch. Packets are
 * known by how many went before them.
 */
export class PacketHistory {
  readonly #kept: (SharedPacket | undefined)[] = new Array(KEPT).fill(undefined);
  #next = 0;

  /** The number that the next packet gets. */
  get next(): number {
    return this.#next;
  }

  /** @returns its number. */
  push(packet: SharedPacket): number {
    this.#kept[this.#next % KEPT] = packet;
    return this.#next++;
  }

  /** Undefined when it is too old, or still to come. */
  at(number: number): SharedPacket | undefined {
    return number >= Math.max(0, this.#next - KEPT) && number < this.#next ? this.#kept[number % KEPT] : undefined;
  }
}
