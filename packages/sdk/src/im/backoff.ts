const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** How long to wait before trying again: longer each time, never the same for many who lost the server at once. */
export class Backoff {
  readonly #random: () => number;
  #attempts = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Between half and the whole of 0.5 s, 1 s, 2 s … up to 15 s. */
  nextMs(): number {
    const mostMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempts);
    this.#attempts = Math.min(this.#attempts + 1, 10);
    return mostMs * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
