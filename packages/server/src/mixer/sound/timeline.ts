import { type Planes, planes, SAMPLES_PER_MS } from './planes.ts';

/** 2.7 s: more than a source may be ahead of its time. */
const CAPACITY = 131_072;
/** 5 ms: what is cut is faded so long. */
export const FADE = 240;
/** A hole up to this is silence; past it, and backward by as much, the timestamps are another timeline's. */
const LONGEST_HOLE_MS = 500;
/** A frame is missing when its time is left out by this part of a frame. */
const HOLE_OF_FRAME = 0.75;
/** … unless the source's stamps stray by such a part of that anyway. */
const HOLE_OF_JITTER = 4;
/** How fast the stamps are believed, against the count of samples: a part per frame. */
const BELIEF = 0.05;
/** Damaged input decodes to anything; nothing sound is louder. */
const LOUDEST = 2;

/**
 * The sound of one source on its own timeline: samples by a running number, and the media time of that number. The count of
 * samples is believed first, and drawn slowly to the timestamps: these are rounded, and stray. Where a frame is missing,
 * silence is put, with its edges faded.
 */
export class Timeline {
  readonly #left: Float32Array;
  readonly #right: Float32Array;
  /** Number of the next sample to be written. */
  #end = 0;
  /** Number of the first sample on the timeline that is in force. */
  #start = 0;
  /** Media time of {@link #end}; null before the first frame. */
  #endMs: number | null = null;
  /** How much the stamps stray, ms. */
  #strayMs = 0;
  /** The next samples do not go on where the last ones ended. */
  #fadeIn = true;
  /** Samples before this number are spoken for: they must not change any more. */
  #read = 0;

  constructor() {
    [this.#left, this.#right] = planes(CAPACITY);
  }

  get end(): number {
    return this.#end;
  }

  get start(): number {
    return this.#start;
  }

  /** Number of the sample at this media time, with its fraction; null while nothing was written. */
  placeOf(ms: number): number | null {
    return this.#endMs === null ? null : this.#end - (this.#endMs - ms) * SAMPLES_PER_MS;
  }

  /**
   * @param right the same as `left` for mono.
   * @param ms media time of the first sample.
   */
  write(left: Float32Array, right: Float32Array, count: number, ms: number): void {
    const missing = this.#arrive(ms, count / SAMPLES_PER_MS);
    if (this.#end + missing + count - this.#read > CAPACITY) return this.#refuse();
    if (missing > 0) this.#silence(missing);
    const from = this.#end;
    for (let i = 0, at = from % CAPACITY; i < count; i++) {
      this.#left[at] = sane(left[i]!);
      this.#right[at] = sane(right[i]!);
      if (++at === CAPACITY) at = 0;
    }
    this.#grow(count);
    if (!this.#fadeIn) return;
    this.#fadeIn = false;
    const length = Math.min(FADE, count);
    for (let i = 0; i < length; i++) this.#scale(from + i, i / length);
  }

  /** What comes next does not go on where the last frame ended: another codec, another rate. */
  cut(): void {
    this.#fadeTail();
    this.#fadeIn = true;
  }

  /** Another timeline begins. */
  restart(): void {
    this.cut();
    this.#endMs = null;
    this.#strayMs = 0;
    this.#start = this.#end;
  }

  /** Copies samples from number `from` on, those of a timeline before too; what is not there is silence. */
  copy(from: number, count: number, into: Planes): void {
    const [left, right] = into;
    const oldest = Math.max(0, this.#end - CAPACITY);
    const begin = Math.max(0, Math.min(count, oldest - from));
    const stop = Math.max(begin, Math.min(count, this.#end - from));
    left.fill(0, 0, begin);
    right.fill(0, 0, begin);
    for (let i = begin, at = (from + begin) % CAPACITY; i < stop; i++) {
      left[i] = this.#left[at]!;
      right[i] = this.#right[at]!;
      if (++at === CAPACITY) at = 0;
    }
    left.fill(0, stop, count);
    right.fill(0, stop, count);
  }

  /** Nothing before this number will be read any more. */
  release(before: number): void {
    this.#read = Math.max(this.#read, Math.min(before, this.#end));
  }

  /** @returns samples of silence to be put before what is stamped `ms`. */
  #arrive(ms: number, frameMs: number): number {
    if (this.#endMs === null) {
      this.#endMs = ms;
      return 0;
    }
    const off = ms - this.#endMs;
    if (Math.abs(off) > LONGEST_HOLE_MS) {
      this.cut();
      this.#endMs = ms;
      this.#start = this.#end;
      return 0;
    }
    if (off > Math.max(HOLE_OF_FRAME * frameMs, HOLE_OF_JITTER * this.#strayMs))
      return Math.round(off * SAMPLES_PER_MS);
    // What has been written stays; only where it belongs moves, and the reader follows by its rate.
    this.#endMs += off * BELIEF;
    this.#strayMs += (Math.abs(off) - this.#strayMs) * BELIEF;
    return 0;
  }

  /** More than fits came ahead of its time; what was left out shows as a jump of the stamps. */
  #refuse(): void {
    this.cut();
  }

  #silence(count: number): void {
    this.cut();
    for (let i = 0, at = this.#end % CAPACITY; i < count; i++) {
      this.#left[at] = 0;
      this.#right[at] = 0;
      if (++at === CAPACITY) at = 0;
    }
    this.#grow(count);
  }

  #grow(count: number): void {
    this.#end += count;
    this.#endMs = (this.#endMs ?? 0) + count / SAMPLES_PER_MS;
    this.#start = Math.max(this.#start, this.#end - CAPACITY);
  }

  #fadeTail(): void {
    if (this.#fadeIn) return;
    const length = Math.max(0, Math.min(FADE, this.#end - this.#read));
    for (let i = 1; i <= length; i++) this.#scale(this.#end - i, (i - 1) / length);
  }

  #scale(number: number, by: number): void {
    const at = number % CAPACITY;
    this.#left[at]! *= by;
    this.#right[at]! *= by;
  }
}

function sane(sample: number): number {
  if (sample >= -LOUDEST && sample <= LOUDEST) return sample;
  return sample > LOUDEST ? LOUDEST : sample < -LOUDEST ? -LOUDEST : 0;
}
