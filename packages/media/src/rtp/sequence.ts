/** Numbers that wrap, counted on: sequence numbers have 16 bits, timestamps 32 (RFC 3550 5.1). */

/** Signed steps from one 16-bit sequence number to another, by the shorter way: -32768 to 32767. */
export function sequenceSteps(from: number, to: number): number {
  return ((to - from + 0x8000) & 0xffff) - 0x8000;
}

/** Continues a wrapping counter without wrapping: each value is taken for the one nearest to the newest before it. */
export class Unwrapper {
  readonly #range: number;
  #newest: number | null = null;

  /** @param bits 16 for sequence numbers, 32 for timestamps. */
  constructor(bits: 16 | 32) {
    this.#range = 2 ** bits;
  }

  /** The first value stays as it is; values from before it may come out negative. */
  unwrap(value: number): number {
    if (this.#newest === null) {
      this.#newest = value;
      return value;
    }
    const steps = this.near(value) - this.#newest;
    const unwrapped = this.#newest + steps;
    if (steps > 0) this.#newest = unwrapped;
    return unwrapped;
  }

  /** The same without remembering it. */
  near(value: number): number {
    if (this.#newest === null) return value;
    const half = this.#range / 2;
    const ahead = (value - this.#newest) % this.#range;
    const steps = ahead >= half ? ahead - this.#range : ahead < -half ? ahead + this.#range : ahead;
    return this.#newest + steps;
  }
}
