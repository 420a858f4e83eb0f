import type { AudioFrame } from '@lianmai/media';
import type { TrackClock } from './track-clock.ts';

/** How much of the new sound waits for the old one to reach it. */
const LONGEST_WAIT_MS = 400;

/**
 * Finds where the sound of one source ends and that of the next begins. Sound and picture of a source do not come at the same
 * time, and the difference is another for each source: cut with the picture, sound would have a gap or go back.
 */
export class SoundHandover {
  /** Of the sound given out so far. */
  readonly #clock: TrackClock;
  /** Added to the new source's times. */
  readonly #offsetMs: number;
  /** When its picture began. */
  readonly #startMs: number;
  /** The new sound, from where it begins. */
  #waiting: AudioFrame[] = [];

  constructor(clock: TrackClock, offsetMs: number, startMs: number) {
    this.#clock = clock;
    this.#offsetMs = offsetMs;
    this.#startMs = startMs;
  }

  /** Where the sound given out ends. */
  get #endMs(): number {
    return (this.#clock.dts ?? this.#startMs) + this.#clock.stepMs;
  }

  get #halfMs(): number {
    return this.#clock.stepMs / 2;
  }

  /** There is new sound to go on with. */
  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  /** The old sound has reached the new one. */
  get meets(): boolean {
    const [first] = this.#waiting;
    return first !== undefined && first.dts + this.#offsetMs <= this.#endMs + this.#halfMs;
  }

  /**
   * A frame of the new source.
   * @returns `covers`: it lies behind what was given out, so the old sound is not needed any more; `ready`: take it;
   * `waits`: the old sound must reach it first.
   */
  arrived(frame: AudioFrame, oldGoesOn: boolean): 'covers' | 'ready' | 'waits' {
    const time = frame.dts + this.#offsetMs;
    if (this.#waiting.length === 0 && time < this.#endMs - this.#halfMs) return 'covers';
    this.#waiting.push(frame);
    const waitedMs = frame.dts - this.#waiting[0]!.dts;
    return this.meets || !oldGoesOn || waitedMs >= LONGEST_WAIT_MS ? 'ready' : 'waits';
  }

  /** Whether a frame of the old sound, at this time, still has its place before the new one. */
  letsPass(time: number): boolean {
    const [first] = this.#waiting;
    if (time > this.#startMs + LONGEST_WAIT_MS) return false;
    return first === undefined || time + this.#halfMs <= first.dts + this.#offsetMs;
  }

  /** The new sound so far, and what is to be added to its times: it begins exactly where the old one ends, if that is near. */
  take(): { frames: readonly AudioFrame[]; offsetMs: number } {
    const frames = this.#waiting;
    this.#waiting = [];
    const gapMs = (frames[0]?.dts ?? 0) + this.#offsetMs - this.#endMs;
    return { frames, offsetMs: this.#offsetMs - (Math.abs(gapMs) <= this.#halfMs ? gapMs : 0) };
  }
}
