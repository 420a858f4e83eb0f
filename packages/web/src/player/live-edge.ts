/** How an FLV player's buffer is kept short. Times in seconds, as media elements count. */
export interface LiveEdgeOptions {
  /** Buffer that should always be left when new data comes, at first. */
  marginS: number;
  /** And at most, on a bad network. */
  maxMarginS: number;
  /** Unused buffer beyond the margin that is worth playing faster for. */
  toleranceS: number;
  /** Unused buffer beyond the margin that is skipped in one jump. */
  jumpS: number;
  maxRate: number;
}

export const LIVE_EDGE: LiveEdgeOptions = { marginS: 0.25, maxMarginS: 3, toleranceS: 0.2, jumpS: 1.5, maxRate: 1.15 };

/** What to do with the media element now. */
export interface Steering {
  playbackRate: number;
  /** Jump so that this much of the buffer is left, or null. */
  jumpToAheadS: number | null;
}

/** The shortest time over which the buffer's low is believed: several server flushes. */
const WINDOW_S = 2;
/** So long without a stall and the margin shrinks again. */
const CALM_S = 30;
/** A buffer that starts higher than this holds a key frame interval of the past. */
const START_AHEAD_S = 1;

/**
 * Keeps the delay low without running dry. What matters is not how much is buffered but how much of it is never used:
 * data comes in flushes, so the buffer's *low* over the last seconds is the slack. Slack above the margin is played
 * away a little faster (or jumped over, when it is much), and a stall raises the margin.
 */
export class LiveEdge {
  readonly #options: LiveEdgeOptions;
  readonly #readings: { atS: number; aheadS: number }[] = [];
  #marginS: number;
  #calmSinceS = 0;
  #started = false;

  constructor(options: LiveEdgeOptions = LIVE_EDGE) {
    this.#options = options;
    this.#marginS = options.marginS;
  }

  get marginS(): number {
    return this.#marginS;
  }

  /** The buffer ran dry while playing. */
  stalled(nowS: number): void {
    this.#marginS = Math.min(this.#options.maxMarginS, this.#marginS * 1.5 + 0.15);
    this.#calmSinceS = nowS;
    this.#readings.length = 0;
  }

  /** A jump was made from outside, or playing begins again: what was measured before says nothing now. */
  reset(): void {
    this.#readings.length = 0;
    this.#started = false;
  }

  /**
   * @param aheadS buffered media after the current position.
   * @param nowS any steady clock.
   */
  steer(aheadS: number, nowS: number): Steering {
    const { toleranceS, jumpS, maxRate, marginS } = this.#options;
    if (nowS - this.#calmSinceS > CALM_S) {
      this.#calmSinceS = nowS;
      this.#marginS = Math.max(marginS, this.#marginS * 0.8);
    }
    if (!this.#started) {
      this.#started = true;
      if (aheadS > START_AHEAD_S + this.#marginS) return this.#jump();
    }
    this.#readings.push({ atS: nowS, aheadS });
    while (nowS - this.#readings[0]!.atS > WINDOW_S) this.#readings.shift();
    const low = Math.min(...this.#readings.map((reading) => reading.aheadS));
    const slack = low - this.#marginS;
    const fullWindow = nowS - this.#readings[0]!.atS >= WINDOW_S * 0.75;
    if (slack > jumpS && (fullWindow || slack > 3 * jumpS)) return this.#jump();
    if (!fullWindow || slack <= toleranceS) return { playbackRate: 1, jumpToAheadS: null };
    // In steps, since each change of rate restarts the browser's time stretching.
    const faster = 1 + Math.ceil(slack * 2) * 0.05;
    return { playbackRate: Math.min(maxRate, faster), jumpToAheadS: null };
  }

  #jump(): Steering {
    this.#readings.length = 0;
    return { playbackRate: 1, jumpToAheadS: this.#marginS + 0.5 };
  }
}

/**
 * Where to go on when playing stopped before a gap in the buffer.
 * @param ranges buffered ranges, ascending.
 * @returns the position after the gap, or null when there is nothing to jump to.
 */
export function afterGap(ranges: readonly { startS: number; endS: number }[], positionS: number): number | null {
  for (const range of ranges) {
    if (range.startS > positionS) return range.startS + 0.01;
    // Some browsers stop a few frames before a range's end.
    if (positionS < range.endS - 0.3) return null;
  }
  return null;
}
