/** A publisher is asked no faster, however many viewers here miss a key frame: browsers that miss one ask several times a second. */
const EVERY_MS = 200;

/** What publishers of other workers are asked for over the bus, which every process listens to: many wishes in a moment are one. */
export class KeyFrameWishes {
  readonly #ask: (stream: string, picture: number) => void;
  /** When each was asked for, by stream and picture; only those asked a moment ago. */
  readonly #askedMs = new Map<string, number>();

  constructor(ask: (stream: string, picture: number) => void) {
    this.#ask = ask;
  }

  /** Pictures of which a key frame was asked for a moment ago. */
  get size(): number {
    return this.#askedMs.size;
  }

  /** @param picture its rank: 0 for the stream's own. */
  wish(stream: string, picture: number, nowMs: number): void {
    const wish = `${stream} ${picture}`;
    const askedMs = this.#askedMs.get(wish);
    if (askedMs !== undefined && nowMs - askedMs < EVERY_MS) return;
    this.#askedMs.set(wish, nowMs);
    this.#ask(stream, picture);
  }

  /** Forgets what does not matter any more: called now and then. */
  tick(nowMs: number): void {
    for (const [wish, askedMs] of this.#askedMs) if (nowMs - askedMs >= EVERY_MS) this.#askedMs.delete(wish);
  }
}
