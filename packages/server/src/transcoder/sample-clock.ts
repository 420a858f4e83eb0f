/** Timestamps that stray by less come from rounding, jitter or a small loss; lips stay in sync. */
const TOLERANCE_MS = 30;
/** A hole up to this is filled with silence; past it, time jumps. */
const LONGEST_SILENCE_MS = 500;
/** Encoders hold back far less than this many jumps. */
const KEPT_ANCHORS = 8;

/**
 * Ties a gapless count of samples to the stream's timeline, so that converted sound keeps its time exactly: from the
 * first sample on by counting, from stamp to stamp only where the source has a hole or another clock.
 */
export class SampleClock {
  readonly #ticksPerMs: number;
  #anchors: { sample: number; ms: number }[] = [];
  #samples = 0;

  constructor(sampleRate: number) {
    this.#ticksPerMs = sampleRate / 1000;
  }

  /**
   * Sound stamped `ms` comes next.
   * @returns samples of silence to be put (and counted by {@link add}) before it.
   */
  arrive(ms: number): number {
    if (this.#anchors.length === 0) {
      this.#anchor(ms);
      return 0;
    }
    const stray = ms - this.timeOf(this.#samples);
    if (Math.abs(stray) < TOLERANCE_MS) return 0;
    if (stray > 0 && stray <= LONGEST_SILENCE_MS) return Math.round(stray * this.#ticksPerMs);
    this.#anchor(ms);
    return 0;
  }

  add(samples: number): void {
    this.#samples += samples;
  }

  /** Time of a sample by its number, ms; numbers below 0 are an encoder's run-up. */
  timeOf(sample: number): number {
    const anchor = this.#anchors.findLast((known) => known.sample <= sample) ?? this.#anchors[0];
    return anchor ? anchor.ms + (sample - anchor.sample) / this.#ticksPerMs : 0;
  }

  #anchor(ms: number): void {
    this.#anchors.push({ sample: this.#samples, ms });
    if (this.#anchors.length > KEPT_ANCHORS) this.#anchors.shift();
  }
}
