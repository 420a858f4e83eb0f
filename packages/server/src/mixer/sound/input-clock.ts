/** Nothing of a live source is shown sooner after its arrival: timers and blocks need that much. */
const LEAST_DELAY_MS = 20;
/** A source whose frames come later than this is late, whatever is done. */
const MOST_DELAY_MS = 400;
/** Before a source's jitter is known. */
const FIRST_DELAY_MS = 30;
/** Above the latest arrival that was seen. */
const MARGIN_MS = 4;
/** Arrivals are remembered by so many buckets of a second. */
const BUCKETS = 12;
const BUCKET_MS = 1000;
/** One arrival so much later than twice all the others is a mishap, which is not waited for ever after. */
const MISHAP_MS = 40;
/** Timestamps that stray by more mean another timeline. */
const JUMP_MS = 500;
/** Another timeline is believed after so many frames, and so long. */
const JUMP_FRAMES = 3;
const JUMP_FORWARD_MS = 100;
const JUMP_BACK_MS = 200;
/** A fresh source sends its last group of pictures at once: its timeline is found freely for so long. */
const ACQUIRE_MS = 1000;
/** The delay goes to its target in about so long, … */
const SETTLE_MS = 2500;
/** … but time passes slower or faster at most by this: nobody hears it. */
const USUAL_RATE = 0.005;
/** Far off, coming back matters more. */
const FAR_MS = 40;
const FAR_RATE = 0.02;

/** What sound and picture need of {@link InputClock}. */
export interface Playhead {
  /** Media time that is due for output at `nowMs`; null before the first arrival. */
  playheadMs(nowMs: number): number | null;
}

/**
 * Tells which moment of a source's timeline is due now, for its picture and its sound alike: that keeps lips in sync.
 *
 * Each arrival says how far the source's time lags behind ours. The least of these lags is the way's own; how far the others lie
 * above it is jitter, and so much must be waited. As the source's clock drifts and its jitter changes, the playhead follows
 * smoothly: it never goes back, and its rate changes by no more than half a percent (2 % while it is far off). Only
 * another timeline (timestamps that jump by half a second, and stay there) moves it at once.
 *
 * Times are ms; `nowMs` is any clock that does not go back.
 */
export class InputClock implements Playhead {
  /** Least and greatest lag (now minus media time) of each second. */
  readonly #least = new Float64Array(BUCKETS).fill(Number.POSITIVE_INFINITY);
  readonly #greatest = new Float64Array(BUCKETS).fill(Number.NEGATIVE_INFINITY);
  #bucket = Number.NEGATIVE_INFINITY;
  /** Of all buckets. */
  #base = Number.POSITIVE_INFINITY;
  #peak = Number.NEGATIVE_INFINITY;
  /** The playhead is at now minus this; null before the first arrival. */
  #lag: number | null = null;
  /** When {@link #lag} was true. */
  #atMs = 0;
  #acquiringUntilMs = 0;
  #firstDelayMs = FIRST_DELAY_MS;
  /** Arrivals on what may be another timeline. */
  #stray: { forward: boolean; sinceMs: number; frames: number; least: number; last: number } | null = null;
  #reanchors = 0;
  #late = 0;

  /**
   * A frame has come, of either track.
   * @param ptsMs its presentation time.
   * @param aheadMs how long before its time it is needed: sound is mixed by blocks that begin before they are heard.
   */
  arrived(ptsMs: number, nowMs: number, aheadMs = 0): void {
    if (!Number.isFinite(ptsMs)) return;
    const lag = nowMs - ptsMs;
    if (this.#lag === null) return this.#anchor(lag, nowMs);
    this.#advance(nowMs);
    if (nowMs < this.#acquiringUntilMs && lag < this.#base - LEAST_DELAY_MS) return this.#anchor(lag, nowMs);
    if (this.#strays(lag, nowMs)) return;
    this.#stray = null;
    if (lag + aheadMs > this.#lag) this.#late++;
    this.#remember(lag, lag + aheadMs, nowMs);
  }

  playheadMs(nowMs: number): number | null {
    if (this.#lag === null) return null;
    this.#advance(nowMs);
    return nowMs - this.#lag;
  }

  /** From the fastest frame's arrival to its being due. */
  get delayMs(): number {
    return this.#lag === null ? 0 : this.#lag - this.#base;
  }

  /** Times the playhead had to jump, because the timestamps did. */
  get reanchors(): number {
    return this.#reanchors;
  }

  /** Frames that came after their time. */
  get lateFrames(): number {
    return this.#late;
  }

  /** Where {@link #lag} should be. */
  #target(nowMs: number): number {
    const least = nowMs < this.#acquiringUntilMs ? this.#firstDelayMs : LEAST_DELAY_MS;
    return this.#base + Math.min(MOST_DELAY_MS, Math.max(least, this.#peak + MARGIN_MS - this.#base));
  }

  /** Lets the lag go toward its target for the time since it was last looked at. */
  #advance(nowMs: number): void {
    const passed = nowMs - this.#atMs;
    if (this.#lag === null || passed <= 0) return;
    this.#atMs = nowMs;
    const off = this.#target(nowMs) - this.#lag;
    const rate = nowMs < this.#acquiringUntilMs ? 1 : Math.abs(off) > FAR_MS ? FAR_RATE : USUAL_RATE;
    const most = rate * passed;
    const step = rate === 1 ? off : (off * Math.min(passed, SETTLE_MS)) / SETTLE_MS;
    this.#lag += Math.max(-most, Math.min(most, step));
  }

  #anchor(lag: number, nowMs: number): void {
    this.#least.fill(Number.POSITIVE_INFINITY);
    this.#greatest.fill(Number.NEGATIVE_INFINITY);
    this.#bucket = Number.NEGATIVE_INFINITY;
    this.#stray = null;
    this.#acquiringUntilMs = nowMs + ACQUIRE_MS;
    this.#remember(lag, lag, nowMs);
    this.#lag = this.#target(nowMs);
    this.#atMs = nowMs;
  }

  /** @returns whether this arrival is on another timeline: believed when it goes on so, ignored when it was alone. */
  #strays(lag: number, nowMs: number): boolean {
    const forward = lag < this.#base - JUMP_MS;
    if (!forward && lag <= (this.#lag ?? 0) + JUMP_MS) return false;
    const stray = this.#stray;
    if (!stray || stray.forward !== forward || Math.abs(lag - stray.last) > JUMP_MS) {
      this.#stray = { forward, sinceMs: nowMs, frames: 1, least: lag, last: lag };
      return true;
    }
    stray.frames++;
    stray.last = lag;
    stray.least = Math.min(stray.least, lag);
    const enoughMs = forward ? JUMP_FORWARD_MS : JUMP_BACK_MS;
    if (stray.frames < JUMP_FRAMES || nowMs - stray.sinceMs < enoughMs) return true;
    this.#reanchors++;
    this.#firstDelayMs = Math.max(LEAST_DELAY_MS, Math.min(MOST_DELAY_MS, this.#peak + MARGIN_MS - this.#base));
    this.#anchor(stray.least, nowMs);
    return true;
  }

  #remember(least: number, greatest: number, nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (bucket !== this.#bucket) this.#turn(bucket);
    const i = place(bucket);
    const isExtreme = least < this.#least[i]! || greatest > this.#greatest[i]!;
    this.#least[i] = Math.min(this.#least[i]!, least);
    this.#greatest[i] = Math.max(this.#greatest[i]!, greatest);
    if (isExtreme) this.#sum();
  }

  /** Empties the buckets of seconds that passed since the last arrival. */
  #turn(bucket: number): void {
    for (let next = Math.max(this.#bucket + 1, bucket - BUCKETS + 1); next <= bucket; next++) {
      this.#least[place(next)] = Number.POSITIVE_INFINITY;
      this.#greatest[place(next)] = Number.NEGATIVE_INFINITY;
    }
    this.#bucket = bucket;
  }

  #sum(): void {
    let base = Number.POSITIVE_INFINITY;
    let first = Number.NEGATIVE_INFINITY;
    let second = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < BUCKETS; i++) {
      base = Math.min(base, this.#least[i]!);
      const greatest = this.#greatest[i]!;
      if (greatest > first) [first, second] = [greatest, first];
      else if (greatest > second) second = greatest;
    }
    const isMishap = second > Number.NEGATIVE_INFINITY && first - base > 2 * (second - base) + MISHAP_MS;
    this.#base = base;
    this.#peak = isMishap ? second : first;
  }
}

/** Of a bucket among those that are kept, before time 0 too. */
const place = (bucket: number) => ((bucket % BUCKETS) + BUCKETS) % BUCKETS;
