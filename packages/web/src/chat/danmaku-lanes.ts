/** From the right edge to the left one, ms. */
export const CROSSING_MS = 9_000;
/** Between two in a lane, px. */
const GAP_PX = 32;

interface LastOne {
  atMs: number;
  width: number;
}

/**
 * Which lane a danmaku flies in: the first in which it neither touches the one before at the right edge nor catches up with
 * it before that one has left. All take the same time to cross, so long ones are faster.
 */
export class DanmakuLanes {
  readonly #last: (LastOne | null)[];

  constructor(lanes: number) {
    this.#last = new Array<LastOne | null>(lanes).fill(null);
  }

  /** @param width of the text, `stage` of what it crosses, px. @returns the lane; null: all are taken, it is left out. */
  take(nowMs: number, width: number, stage: number): number | null {
    const lane = this.#last.findIndex((last) => last === null || isFree(last, nowMs, width, stage));
    if (lane === -1) return null;
    this.#last[lane] = { atMs: nowMs, width };
    return lane;
  }
}

function isFree(last: LastOne, nowMs: number, width: number, stage: number): boolean {
  const elapsed = nowMs - last.atMs;
  if (elapsed >= CROSSING_MS) return true;
  const lastSpeed = (stage + last.width) / CROSSING_MS;
  const speed = (stage + width) / CROSSING_MS;
  const tail = stage - lastSpeed * elapsed + last.width + GAP_PX;
  if (tail > stage) return false;
  // When the last one's tail leaves on the left, the new one's head must still be behind it.
  return speed <= lastSpeed || stage - speed * (CROSSING_MS - elapsed) >= 0;
}
