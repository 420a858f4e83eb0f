/**
 * Numbers events: each number larger than all before, across restarts too, because it is about the time in microseconds.
 * A clock that was set back only makes numbers run ahead of it for a while.
 */
export class SeqClock {
  readonly #now: () => number;
  #last: number;

  /** @param atLeast a number known to have been given. */
  constructor(now: () => number, atLeast: number) {
    this.#now = now;
    this.#last = Math.max(atLeast, Math.floor(now() * 1000));
  }

  /** The number given last. */
  get last(): number {
    return this.#last;
  }

  next(): number {
    this.#last = Math.max(this.#last + 1, Math.floor(this.#now() * 1000));
    return this.#last;
  }
}
