/** Taps are sent together after so long. */
const EVERY_MS = 600;
/** One message carries so many at most. */
const MOST = 100;

/** Sums one's likes up, so that a thumb that taps ten times a second sends one message. */
export class LikeBatch {
  readonly #send: (count: number) => void;
  #pending = 0;
  /** Sent, and not yet come back with the room's sums. */
  #unseen = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(send: (count: number) => void) {
    this.#send = send;
  }

  tap(): void {
    this.#pending += 1;
    this.#timer ??= setTimeout(() => this.flush(), EVERY_MS);
  }

  /** Sends what there is now. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const count = Math.min(MOST, this.#pending);
    if (count === 0) return;
    this.#pending -= count;
    this.#unseen += count;
    this.#send(count);
    if (this.#pending > 0) this.#timer = setTimeout(() => this.flush(), EVERY_MS);
  }

  /** @param count of the room's likes that came. @returns how many of them are other people's: one's own were shown already. */
  others(count: number): number {
    const own = Math.min(this.#unseen, count);
    this.#unseen -= own;
    return count - own;
  }

  /** Idempotent; sends the rest. */
  close(): void {
    this.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
