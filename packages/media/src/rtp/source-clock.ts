import { fromNtp } from './ntp-time.ts';
import { Unwrapper } from './sequence.ts';

/** Before a track's place is known for sure it moves by at most this part of the time that passes: nobody sees or hears it. */
const SLEW = 0.05;
/** A wrong place this far off is taken at once. */
const LARGEST_SLEW_MS = 2000;

interface TrackClock {
  readonly rate: number;
  readonly unwrapper: Unwrapper;
  /** Time of timestamp 0, ms. */
  originMs: number | null;
  /** Where sender reports say it is. */
  wantedMs: number | null;
  lastMs: number;
}

/**
 * The common clock of one sender's tracks: turns their RTP timestamps into ms so that sound and picture fit. Until sender
 * reports come, by when the packets arrived; then exactly (RFC 3550 6.4.1), getting there smoothly.
 */
export class SourceClock {
  readonly #tracks = new Map<string, TrackClock>();
  /** Ours minus the sender's wall clock, ms. */
  #senderOffsetMs: number | null = null;

  /** @param rate of the track's timestamps, Hz. */
  addTrack(track: string, rate: number): void {
    this.#tracks.set(track, { rate, unwrapper: new Unwrapper(32), originMs: null, wantedMs: null, lastMs: 0 });
  }

  /** The time of a frame, ms; `nowMs` is when it came. */
  place(track: string, timestamp: number, nowMs: number): number {
    const clock = this.#track(track);
    const mediaMs = (clock.unwrapper.unwrap(timestamp) / clock.rate) * 1000;
    clock.originMs ??= nowMs - mediaMs;
    const elapsed = Math.max(0, clock.originMs + mediaMs - clock.lastMs);
    if (clock.wantedMs !== null) clock.originMs = approach(clock.originMs, clock.wantedMs, elapsed * SLEW);
    clock.lastMs = clock.originMs + mediaMs;
    return clock.lastMs;
  }

  /** A sender report of the track: its timestamp at the sender's wall clock. */
  report(track: string, ntp: bigint, timestamp: number): void {
    const clock = this.#track(track);
    if (clock.originMs === null) return;
    const mediaMs = (clock.unwrapper.near(timestamp) / clock.rate) * 1000;
    const senderMs = fromNtp(ntp);
    // The first track to report stays where it is; the others find their place beside it.
    this.#senderOffsetMs ??= clock.originMs + mediaMs - senderMs;
    clock.wantedMs = senderMs + this.#senderOffsetMs - mediaMs;
  }

  #track(track: string): TrackClock {
    const clock = this.#tracks.get(track);
    if (!clock) throw new Error(`no track "${track}" was added`);
    return clock;
  }
}

function approach(from: number, to: number, most: number): number {
  const step = to - from;
  if (Math.abs(step) > LARGEST_SLEW_MS) return to;
  return from + Math.max(-most, Math.min(most, step));
}
