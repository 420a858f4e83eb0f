/** Takes what is due, in order of time. */
export interface Due {
  /** Picture number `index` of the current frame rate, due at `atMs`. */
  picture(index: number, atMs: number): void;
  /** A block of sound that began at `atMs`, and is over. */
  block(atMs: number): void;
}

export interface OutputScheduleOptions {
  fps: number;
  /** Length of a block of sound. */
  blockMs: number;
  startMs: number;
  /** Called for the time while work is done; must not go back. */
  now(): number;
}

/** Pictures that are made up for after a hold-up; older ones are left out. */
const CATCH_UP_PICTURES = 3;
/** Sound is made up for, for it may not have holes; but not for a machine that slept. */
const CATCH_UP_SOUND_MS = 2000;
/** Sound waits for the next picture up to this, so that the process wakes up less. */
const SOUND_WAITS_MS = 30;

/**
 * When pictures and blocks of sound of an output are due: both on one timeline, that of {@link OutputScheduleOptions.now},
 * free of drift since each time is counted from the start. A block is made when it is over, as a microphone's is: made when it begins,
 * all that is in it would have to be there before, and pictures would wait for that too.
 */
export class OutputSchedule {
  readonly #blockMs: number;
  readonly #now: () => number;
  #fps: number;
  #fromMs: number;
  #index = 0;
  #soundFromMs: number;
  #blocks = 0;
  #every = 1;
  #made = 0;
  #late = 0;
  #leftOut = 0;

  constructor({ fps, blockMs, startMs, now }: OutputScheduleOptions) {
    this.#fps = fps;
    this.#blockMs = blockMs;
    this.#now = now;
    this.#fromMs = startMs;
    this.#soundFromMs = startMs;
  }

  /** Pictures made so far. */
  get made(): number {
    return this.#made;
  }

  /** Pictures that came more than one picture's time late, or not at all. */
  get late(): number {
    return this.#late;
  }

  /** Those of them that never came, because there was no time for them. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Only every so many-th picture is made: 1 all. */
  get every(): number {
    return this.#every;
  }

  set every(count: number) {
    this.#every = count;
  }

  /** When to call {@link run} next. */
  get nextMs(): number {
    return Math.min(this.#pictureMs, this.#blockMsAt(this.#blocks + 1) + SOUND_WAITS_MS);
  }

  /** Goes on at another rate: pictures are counted from 0 again. */
  setFps(fps: number): void {
    this.#fromMs = this.#pictureMs;
    this.#index = 0;
    this.#fps = fps;
  }

  /** Does all that is due by now. */
  run(due: Due): void {
    // What comes due meanwhile is for the next run: inputs must get their turn.
    const untilMs = this.#now();
    this.#leaveOut(untilMs);
    for (;;) {
      const pictureMs = this.#pictureMs;
      const blockOverMs = this.#blockMsAt(this.#blocks + 1);
      if (Math.min(pictureMs, blockOverMs) > untilMs) return;
      if (blockOverMs <= pictureMs) {
        due.block(this.#blockMsAt(this.#blocks++));
        continue;
      }
      const index = this.#index++;
      if (index % this.#every !== 0) continue;
      this.#made++;
      if (this.#now() - pictureMs > 1000 / this.#fps) this.#late++;
      due.picture(index, pictureMs);
    }
  }

  get #pictureMs(): number {
    return this.#fromMs + (this.#index * 1000) / this.#fps;
  }

  #blockMsAt(block: number): number {
    return this.#soundFromMs + block * this.#blockMs;
  }

  #leaveOut(nowMs: number): void {
    const behind = Math.floor(((nowMs - this.#pictureMs) * this.#fps) / 1000);
    if (behind > CATCH_UP_PICTURES * this.#every) {
      const skipped = behind - CATCH_UP_PICTURES * this.#every;
      this.#index += skipped;
      const missed = Math.floor(skipped / this.#every);
      this.#late += missed;
      this.#leftOut += missed;
    }
    const silentMs = nowMs - this.#blockMsAt(this.#blocks + 1);
    if (silentMs > CATCH_UP_SOUND_MS) this.#blocks += Math.floor((silentMs - CATCH_UP_SOUND_MS / 2) / this.#blockMs);
  }
}
