/** Sound above this is speech rather than a quiet room; 0 to 1, as WebRTC's statistics tell it. */
const THRESHOLD = 0.02;
/** Pauses between words are part of speaking. */
const HOLD_MS = 900;

/** Whether somebody speaks, from the loudness of now and then. */
export class Speaking {
  #lastLoudMs = Number.NEGATIVE_INFINITY;

  add(level: number, atMs: number): boolean {
    if (level >= THRESHOLD) this.#lastLoudMs = atMs;
    return atMs - this.#lastLoudMs < HOLD_MS;
  }
}
