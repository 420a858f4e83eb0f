import type { RtcCounters } from './counters.ts';

/** How good a connection is. 3: as it should be; 2: noticeable; 1: bad; 0: nothing goes through. */
export type Bars = 0 | 1 | 2 | 3;

/** From here on it has a bar less: packets lost of all, time to the server and back, the picture's time standing still. */
const NOTICEABLE = { loss: 0.03, roundTripMs: 300, frozen: 0.05 };
const BAD = { loss: 0.1, roundTripMs: 700, frozen: 0.25 };

/** What happened between two readings, in bars. @returns null when they are too close together to tell. */
export function barsBetween(before: RtcCounters, now: RtcCounters): Bars | null {
  const ms = now.atMs - before.atMs;
  if (ms < 1_000) return null;
  const packets = now.packets - before.packets;
  if (packets <= 0) return 0;
  const lost = Math.max(0, now.lost - before.lost);
  const seen = {
    loss: lost / (packets + lost),
    roundTripMs: now.roundTripMs ?? 0,
    frozen: Math.max(0, now.frozenMs - before.frozenMs) / ms,
  };
  if (exceeds(seen, BAD)) return 1;
  return exceeds(seen, NOTICEABLE) ? 2 : 3;
}

function exceeds(seen: typeof BAD, limit: typeof BAD): boolean {
  return seen.loss >= limit.loss || seen.roundTripMs >= limit.roundTripMs || seen.frozen >= limit.frozen;
}

/** Falls at once, rises only when it was better twice in a row: bars that dance tell nothing. */
export class Quality {
  #last: RtcCounters | null = null;
  #shown: Bars | null = null;
  #better = 0;

  /** Null before two readings of the same connection. */
  get bars(): Bars | null {
    return this.#shown;
  }

  add(counters: RtcCounters): void {
    const before = this.#last;
    this.#last = counters;
    // A new session counts from zero.
    if (before === null || counters.packets < before.packets) return;
    const bars = barsBetween(before, counters);
    if (bars === null) {
      this.#last = before;
      return;
    }
    if (this.#shown === null || bars <= this.#shown || ++this.#better >= 2) {
      this.#shown = bars;
      this.#better = 0;
    }
  }

  /** The connection is another one. */
  forget(): void {
    this.#last = null;
    this.#shown = null;
    this.#better = 0;
  }
}
