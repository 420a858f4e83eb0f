/** One second of what was sent to a viewer and what its end said of it. */
interface Second {
  sent: number;
  /** Packets it missed at first, whether they came later or not. */
  missed: number;
  /** How much longer packets were on their way than the fastest ones, ms. */
  queuedMs: number;
}

/** Decisions are taken on so many seconds; on fewer while a larger picture is tried, for a failed try is a freeze. */
const WINDOW = 4;
const TRY_WINDOW = 2;
/** Fewer packets tell nothing. */
const FEWEST_SENT = 40;
/** More than what chance and radio links lose, and repair still copes with: the path is too narrow. */
const MOST_MISSED = 0.12;
/** A path whose queue stays this long is full. */
const MOST_QUEUED_MS = 250;
const CALM_MISSED = 0.03;
const CALM_QUEUED_MS = 150;
/** Calm for so long before a larger picture is tried; twice as long after each try that failed. */
const FIRST_TRY_S = 15;
const LAST_TRY_S = 240;
/** A try that has to be taken back within this has failed. */
const TRY_S = 12;

/**
 * Whether a viewer's network carries what it is sent, by what it asks for again and by how long packets take. Pure: one call of
 * {@link second} is a second.
 */
export class ViewerQuality {
  #window: Second[] = [];
  #missed = 0;
  /** Asking for the same packet again does not count. */
  #newestMissed: number | null = null;
  #totalLost: number | null = null;
  #lost = 0;
  #fastestMs = Number.POSITIVE_INFINITY;
  #queuedMs = 0;
  #calmS = 0;
  #tryAfterS = FIRST_TRY_S;
  #sinceLargerS = Number.POSITIVE_INFINITY;
  #strained = false;

  /** The network does not carry what is sent now. */
  get strained(): boolean {
    return this.#strained;
  }

  /** @param lost 16-bit sequence numbers of pictures, as asked for. */
  asked(lost: readonly number[]): void {
    for (const sequence of lost) {
      const ahead = this.#newestMissed === null ? 1 : (sequence - this.#newestMissed) & 0xffff;
      if (ahead === 0 || ahead > 0x7fff) continue;
      this.#newestMissed = sequence;
      this.#missed += 1;
    }
  }

  /**
   * Who misses too much asks for key frames in place of packets, but reports the loss.
   * @param totalLost packets of pictures that never came, of its last report.
   */
  reported(totalLost: number): void {
    this.#lost += Math.max(0, totalLost - (this.#totalLost ?? totalLost));
    this.#totalLost = totalLost;
  }

  /** A round trip, ms. */
  answered(roundTripMs: number): void {
    if (roundTripMs < 0 || roundTripMs > 60_000) return;
    this.#fastestMs = Math.min(this.#fastestMs, roundTripMs);
    this.#queuedMs = roundTripMs - this.#fastestMs;
  }

  /**
   * A second has passed.
   * @param sent packets of pictures in it, without those sent again.
   * @returns what to do about the picture's size: `smaller` comes again each few seconds while it is strained.
   */
  second(sent: number): 'smaller' | 'larger' | null {
    const missed = Math.max(this.#missed, this.#lost);
    this.#missed = 0;
    this.#lost = 0;
    this.#remember(sent, missed);
    this.#sinceLargerS += 1;
    let total = 0;
    let totalMissed = 0;
    let leastQueuedMs = Number.POSITIVE_INFINITY;
    for (const one of this.#window) {
      total += one.sent;
      totalMissed += one.missed;
      leastQueuedMs = Math.min(leastQueuedMs, one.queuedMs);
    }
    const needed = this.#sinceLargerS < TRY_S ? TRY_WINDOW : WINDOW;
    if (this.#window.length < needed || total < FEWEST_SENT) return null;
    const missedShare = totalMissed / total;
    this.#strained = missedShare > MOST_MISSED || leastQueuedMs > MOST_QUEUED_MS;
    if (this.#strained) return this.#smaller();
    const isCalm = missedShare < CALM_MISSED && leastQueuedMs < CALM_QUEUED_MS;
    this.#calmS = isCalm ? this.#calmS + 1 : 0;
    if (this.#calmS < this.#tryAfterS) return null;
    this.#calmS = 0;
    this.#sinceLargerS = 0;
    this.#window = [];
    return 'larger';
  }

  /** The oldest second makes room: this runs for each viewer. */
  #remember(sent: number, missed: number): void {
    const oldest = this.#window.length < WINDOW ? undefined : this.#window.shift();
    const second = oldest ?? { sent: 0, missed: 0, queuedMs: 0 };
    second.sent = sent;
    second.missed = missed;
    second.queuedMs = this.#queuedMs;
    this.#window.push(second);
  }

  #smaller(): 'smaller' {
    if (this.#sinceLargerS < TRY_S) this.#tryAfterS = Math.min(LAST_TRY_S, this.#tryAfterS * 2);
    this.#sinceLargerS = Number.POSITIVE_INFINITY;
    this.#calmS = 0;
    // What was sent before says nothing of what is sent from now on.
    this.#window = [];
    return 'smaller';
  }
}
