/** Somebody with more packets than should leave in one burst. */
export interface Paced {
  /** Sends the next part. @returns whether there is more. */
  sendMore(): boolean;
}

/** Between two parts. */
const TICK_MS = 5;

/** Lets bursts out part by part, by one clock for all of a worker's; it stands while nobody has anything left. */
export class Pacer {
  readonly #waiting = new Set<Paced>();
  #timer: NodeJS.Timeout | null = null;

  /** Whoever is there already stays where it is. */
  add(paced: Paced): void {
    this.#waiting.add(paced);
    this.#timer ??= setInterval(() => this.tick(), TICK_MS);
  }

  remove(paced: Paced): void {
    this.#waiting.delete(paced);
    this.#restWhenDone();
  }

  /** The time between two parts has passed. */
  tick(): void {
    for (const paced of this.#waiting) if (!paced.sendMore()) this.#waiting.delete(paced);
    this.#restWhenDone();
  }

  /** Idempotent. */
  close(): void {
    this.#waiting.clear();
    this.#restWhenDone();
  }

  #restWhenDone(): void {
    if (this.#waiting.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
