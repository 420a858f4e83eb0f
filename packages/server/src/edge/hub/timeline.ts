import type { Track } from '@lianmai/media';

/** Where the first frame lands: room for a track that begins a little earlier, since no time may be negative. */
const START_MS = 1000;

/** Backward steps within a track up to this are a sender's jitter; longer ones are a new clock. */
const DISORDER_MS = 200;

/** Forward steps above this are a new clock, not a pause. */
const LONGEST_STEP_MS = 10_000;

interface TrackClock {
  /** Added to the source's time; null while the source has not sent this track. */
  offset: number | null;
  /** The newest time given out. */
  last: number;
}

/**
 * Puts the clocks of one source after another on one timeline on which no track ever goes back.
 *
 * A new source, and a source whose clock jumps, goes on where the timeline is: at the newest time plus what passed since
 * by the wall clock. The first track to arrive on a new clock finds the offset, the others take the same one, so that
 * sound and picture stay together. Disorder between the tracks is left as it is.
 */
export class Timeline {
  readonly #tracks = new Map<Track, TrackClock>();
  #newest = START_MS;
  #newestAtMs: number | null = null;

  /** Another source follows: its clock has nothing to do with the last one's. */
  startSource(): void {
    for (const clock of this.#tracks.values()) clock.offset = null;
  }

  /** The time of a frame that a source stamped `dts`, at `nowMs` by the wall clock. */
  place(track: Track, dts: number, nowMs: number): number {
    const clock = this.#track(track);
    if (clock.offset === null || !this.#fits(clock, dts + clock.offset))
      clock.offset = this.#sharedOffset(clock, dts) ?? this.#now(nowMs) - dts;
    clock.last = Math.max(clock.last, dts + clock.offset);
    if (clock.last >= this.#newest) {
      this.#newest = clock.last;
      this.#newestAtMs = nowMs;
    }
    return clock.last;
  }

  /** The time of script data: on the clock of the media when it is plausible there, else now; never moves that clock. */
  placeData(dts: number): number {
    const clock = this.#track('data');
    const offset = this.#tracks.get('video')?.offset ?? this.#tracks.get('audio')?.offset ?? null;
    const time = offset === null ? this.#newest : dts + offset;
    const plausible = Math.abs(time - this.#newest) <= LONGEST_STEP_MS;
    clock.last = Math.max(clock.last, plausible ? time : this.#newest);
    return clock.last;
  }

  /** The time of a configuration, whose own is worth nothing: between the frames before and after it. */
  placeConfig(track: Track): number {
    if (track === 'data') return this.placeData(Number.NaN);
    const clock = this.#track(track);
    if (clock.last === 0) clock.last = this.#newest - START_MS;
    return clock.last;
  }

  #track(track: Track): TrackClock {
    const known = this.#tracks.get(track);
    if (known) return known;
    const clock = { offset: null, last: 0 };
    this.#tracks.set(track, clock);
    return clock;
  }

  #fits(clock: TrackClock, time: number): boolean {
    return time >= clock.last - DISORDER_MS && time <= Math.max(clock.last, this.#newest) + LONGEST_STEP_MS;
  }

  /** The offset of a track that is on the new clock already. */
  #sharedOffset(own: TrackClock, dts: number): number | null {
    for (const clock of this.#tracks.values()) {
      if (clock === own || clock.offset === null || clock.offset === own.offset) continue;
      const time = dts + clock.offset;
      const isFirst = own.offset === null;
      if (Math.abs(time - this.#newest) > LONGEST_STEP_MS) continue;
      if (isFirst || time >= own.last - DISORDER_MS) return clock.offset;
    }
    return null;
  }

  #now(nowMs: number): number {
    return this.#newest + (this.#newestAtMs === null ? 0 : Math.max(1, nowMs - this.#newestAtMs));
  }
}
