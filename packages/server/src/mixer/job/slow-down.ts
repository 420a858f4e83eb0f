/** Of the pictures due in a window, so many late ones are too many. */
const TOO_MANY_LATE = 0.25;
const WINDOW_MS = 2000;
/** After a step down, the next one waits so long: a moment's load may be over. */
const SETTLE_MS = 4000;
/** Without late pictures for so long, more are tried again; twice as long each time that failed. */
const RECOVER_MS = 20_000;
const LAST_RECOVER_MS = 320_000;
/** A picture is left out of two, three, four at most, … */
const MOST = 4;
/** … and so many a second stay. */
const LEAST_FPS = 5;

/**
 * When a machine cannot keep up, makes fewer pictures rather than all of them late: every second, third, fourth one, and more again when
 * there is room.
 */
export class SlowDown {
  #every = 1;
  #windowFromMs: number | null = null;
  #made = 0;
  #late = 0;
  #changedMs = Number.NEGATIVE_INFINITY;
  #calmSinceMs = 0;
  #recoverMs = RECOVER_MS;

  /** Every so many-th picture should be made. */
  get every(): number {
    return this.#every;
  }

  /**
   * To be called a few times a second.
   * @param made pictures made since the start. @param late those that came late or not at all.
   * @returns whether {@link every} changed.
   */
  look(nowMs: number, fps: number, made: number, late: number): boolean {
    if (this.#windowFromMs === null) {
      this.#begin(nowMs, made, late);
      this.#calmSinceMs = nowMs;
      return false;
    }
    if (nowMs - this.#windowFromMs < WINDOW_MS) return false;
    const lateNow = late - this.#late;
    const dueNow = made - this.#made + lateNow;
    this.#begin(nowMs, made, late);
    if (lateNow > 0) this.#calmSinceMs = nowMs;
    const most = Math.max(1, Math.min(MOST, Math.floor(fps / LEAST_FPS)));
    if (this.#every > most) return this.#set(most, nowMs);
    if (lateNow > dueNow * TOO_MANY_LATE && this.#every < most && nowMs - this.#changedMs >= SETTLE_MS) {
      if (nowMs - this.#changedMs < this.#recoverMs) this.#recoverMs = Math.min(LAST_RECOVER_MS, 2 * this.#recoverMs);
      return this.#set(this.#every + 1, nowMs);
    }
    if (this.#every > 1 && nowMs - this.#calmSinceMs >= this.#recoverMs) return this.#set(this.#every - 1, nowMs);
    return false;
  }

  #begin(nowMs: number, made: number, late: number): void {
    this.#windowFromMs = nowMs;
    this.#made = made;
    this.#late = late;
  }

  #set(every: number, nowMs: number): true {
    this.#every = every;
    this.#changedMs = nowMs;
    this.#calmSinceMs = nowMs;
    return true;
  }
}
