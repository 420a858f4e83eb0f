/** Counts against a limit without a timer: so many at once, so many a second in the long run. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perS: number;
  #left: number;
  #atMs: number;

  constructor(burst: number, perS: number, nowMs: number) {
    this.#burst = burst;
    this.#perS = perS;
    this.#left = burst;
    this.#atMs = nowMs;
  }

  /** Takes one, unless fewer than `reserve` would be left. */
  take(nowMs: number, reserve = 0): boolean {
    this.#refill(nowMs);
    if (this.#left < 1 + reserve) return false;
    this.#left -= 1;
    return true;
  }

  /** Takes one in any case: others wait for it. */
  force(nowMs: number): void {
    this.#refill(nowMs);
    this.#left = Math.max(-this.#burst, this.#left - 1);
  }

  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#left >= this.#burst;
  }

  /** Time that goes back, the clock being set, fills nothing and takes nothing. */
  #refill(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#left = Math.min(this.#burst, this.#left + (passedMs * this.#perS) / 1000);
  }
}
