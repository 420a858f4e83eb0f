/** How fast a client may talk: calls a second in the long run, and at once. */
const CALLS_PER_S = 20;
const BURST = 60;
/** Calls over the limit, in a row, after which there is no hope for a client. */
const MOST_REFUSED = 300;

/** Counts a connection's calls; without a timer. */
export class CallRate {
  #left = BURST;
  #refused = 0;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** `flood`: it was refused so often that it is not going to listen. */
  take(nowMs: number): 'ok' | 'refused' | 'flood' {
    this.#left = Math.min(BURST, this.#left + ((nowMs - this.#atMs) * CALLS_PER_S) / 1000);
    this.#atMs = nowMs;
    if (this.#left >= 1) {
      this.#left -= 1;
      if (this.#left > BURST / 2) this.#refused = 0;
      return 'ok';
    }
    this.#refused += 1;
    return this.#refused > MOST_REFUSED ? 'flood' : 'refused';
  }
}
