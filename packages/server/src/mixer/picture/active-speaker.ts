/** Below it nobody speaks: breath and rooms. */
const AUDIBLE = 0.03;
/** Pauses between words do not end speech. */
const HOLD_MS = 600;
/** Somebody else must be the loudest so long before the large picture is theirs. */
const TAKE_OVER_MS = 1200;

/** Who speaks, from the inputs' levels. */
export class ActiveSpeaker {
  readonly #heardMs = new Map<string, number>();
  #levels: ReadonlyMap<string, number> = new Map();
  #speaker: string | null = null;
  #rival: { id: string; sinceMs: number } | null = null;

  /** 0 to 1, by input. */
  listen(levels: ReadonlyMap<string, number>): void {
    this.#levels = levels;
  }

  /** Who is speaking or has spoken last; null: nobody yet. */
  get speaker(): string | null {
    return this.#speaker;
  }

  /** Whether an input is speaking now, pauses between words included. */
  isSpeaking(id: string, nowMs: number): boolean {
    return nowMs - (this.#heardMs.get(id) ?? Number.NEGATIVE_INFINITY) < HOLD_MS;
  }

  advance(nowMs: number): void {
    let loudest: string | null = null;
    let most = AUDIBLE;
    for (const [id, level] of this.#levels) {
      if (level >= AUDIBLE) this.#heardMs.set(id, nowMs);
      if (level <= most) continue;
      most = level;
      loudest = id;
    }
    this.#take(loudest, nowMs);
  }

  forget(id: string): void {
    this.#heardMs.delete(id);
    if (this.#speaker === id) this.#speaker = null;
    if (this.#rival?.id === id) this.#rival = null;
  }

  #take(loudest: string | null, nowMs: number): void {
    if (loudest === null || loudest === this.#speaker) {
      if (loudest !== null || (this.#rival && !this.isSpeaking(this.#rival.id, nowMs))) this.#rival = null;
      return;
    }
    if (this.#rival?.id !== loudest) this.#rival = { id: loudest, sinceMs: nowMs };
    if (this.#speaker !== null && nowMs - this.#rival.sinceMs < TAKE_OVER_MS) return;
    this.#speaker = loudest;
    this.#rival = null;
  }
}
