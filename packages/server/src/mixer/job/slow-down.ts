/** Of the pictures due in a window, so many that there was no time for are too many. */
const TOO_MANY = 0.1;
const WINDOW_MS = 2000;
/** After a step down, the next one waits so long: a moment's load may be over. */
const SETTLE_MS = 4000;
/** When there was time for all for so long, more are tried again; twice as long each time that failed. */
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
  #leftOut = 0;
  #changedMs = Number.NEGATIVE_INFINITY;
  /** More were tried again. */
  #triedMs = Number.NEGATIVE_INFINITY;
  #calmSinceMs = 0;
  #recoverMs = RECOVER_MS;

  /** Every so many-th picture should be made. */
  get every(): number {
    return this.#every;
  }

  /**
   * To be called a few times a second.
   * @param made pictures made since the start. @param leftOut those that there was no time for. Late ones do not count: with others
   * at work on the machine pictures come in bursts, and fewer of them would come no sooner.
   * @returns whether {@link every} changed.
   */
  look(nowMs: number, fps: number, made: number, leftOut: number): boolean {
    if (this.#windowFromMs === null) {
      this.#begin(nowMs, made, leftOut);
      this.#calmSinceMs = nowMs;
      return false;
    }
    if (nowMs - this.#windowFromMs < WINDOW_MS) return false;
    const leftOutNow = leftOut - this.#leftOut;
    const dueNow = made - this.#made + leftOutNow;
    this.#begin(nowMs, made, leftOut);
    if (leftOutNow > 0) this.#calmSinceMs = nowMs;
    const most = Math.max(1, Math.min(MOST, Math.floor(fps / LEAST_FPS)));
    if (this.#every > most) return this.#set(most, nowMs);
    if (leftOutNow > dueNow * TOO_MANY && this.#every < most && nowMs - this.#changedMs >= SETTLE_MS) {
      if (nowMs - this.#triedMs < this.#recoverMs) this.#recoverMs = Math.min(LAST_RECOVER_MS, 2 * this.#recoverMs);
      return this.#set(this.#every + 1, nowMs);
    }
    if (this.#every === 1 || nowMs - this.#calmSinceMs < this.#recoverMs) return false;
    this.#triedMs = nowMs;
    return this.#set(this.#every - 1, nowMs);
  }

  #begin(nowMs: number, made: number, leftOut: number): void {
    this.#windowFromMs = nowMs;
    this.#made = made;
    this.#leftOut = leftOut;
  }

  #set(every: number, nowMs: number): true {
    this.#every = every;
    this.#changedMs = nowMs;
    this.#calmSinceMs = nowMs;
    return true;
  }
}
