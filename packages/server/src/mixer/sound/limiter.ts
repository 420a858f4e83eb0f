import { BLOCK, type Planes, planes } from './planes.ts';

/** -1 dB: codecs overshoot what they are given. */
export const CEILING = 10 ** (-1 / 20);
/** 1.3 ms: the gain goes straight from the beginning of one such piece to the next one's. */
const PIECE = 64;
const PIECES = BLOCK / PIECE;
/** Pieces that are known before they are passed on. */
const AHEAD = 2;
/** Samples that sound comes out later than it goes in. */
export const LIMITER_DELAY = AHEAD * PIECE;
/** 21 ms: no louder before a low tone has shown both its peaks. */
const HOLD_PIECES = 16;
/** Back up within about 250 ms. */
const RELEASE = PIECE / (0.25 * 48_000);

/**
 * Keeps a sum below {@link CEILING}, samples never pass it: looks ahead, turns down before a peak comes, and up again slowly.
 * What is not too loud passes unchanged, later by {@link LIMITER_DELAY} samples.
 */
export class Limiter {
  readonly out: Planes = planes(BLOCK);
  /** The last pieces of the block before, and this block. */
  readonly #waiting: Planes = planes(LIMITER_DELAY + BLOCK);
  /** The gain that each waiting piece needs. */
  readonly #needed = new Float64Array(AHEAD + PIECES).fill(1);
  /** Gain at the beginning of the next piece. */
  #gain = 1;
  #hold = 0;

  /** @returns {@link out}, valid until the next call. */
  process([left, right]: Planes): Planes {
    const [waitingLeft, waitingRight] = this.#waiting;
    waitingLeft.set(left, LIMITER_DELAY);
    waitingRight.set(right, LIMITER_DELAY);
    for (let piece = AHEAD; piece < AHEAD + PIECES; piece++) this.#needed[piece] = this.#need(piece * PIECE);
    for (let piece = 0; piece < PIECES; piece++) this.#pass(piece);
    waitingLeft.copyWithin(0, BLOCK);
    waitingRight.copyWithin(0, BLOCK);
    this.#needed.copyWithin(0, PIECES);
    return this.out;
  }

  #need(from: number): number {
    const [left, right] = this.#waiting;
    let peak = CEILING;
    for (let i = from; i < from + PIECE; i++) {
      const a = Math.abs(left[i]!);
      const b = Math.abs(right[i]!);
      if (a > peak) peak = a;
      if (b > peak) peak = b;
    }
    return CEILING / peak;
  }

  #pass(piece: number): void {
    const from = piece * PIECE;
    const [left, right] = this.#waiting;
    const [outLeft, outRight] = this.out;
    const begin = this.#gain;
    const end = this.#next(piece);
    this.#gain = end;
    if (begin === 1 && end === 1) {
      for (let i = from; i < from + PIECE; i++) {
        outLeft[i] = left[i]!;
        outRight[i] = right[i]!;
      }
      return;
    }
    const step = (end - begin) / PIECE;
    for (let i = from, gain = begin; i < from + PIECE; i++, gain += step) {
      outLeft[i] = left[i]! * gain;
      outRight[i] = right[i]! * gain;
    }
  }

  /** The gain at the end of a piece: low enough for it and for the one behind, half way down to the next peak. */
  #next(piece: number): number {
    const needed = this.#needed;
    const allowed = Math.min(needed[piece]!, needed[piece + 1]!);
    const coming = needed[piece + 2]!;
    const eased = coming < this.#gain ? Math.min(allowed, (this.#gain + coming) / 2) : allowed;
    if (eased <= this.#gain) {
      if (eased < 1) this.#hold = HOLD_PIECES;
      return eased;
    }
    if (this.#hold > 0) {
      this.#hold--;
      return this.#gain;
    }
    const released = this.#gain + (1 - this.#gain) * RELEASE;
    return Math.min(eased, released > 0.9999 ? 1 : released);
  }
}
