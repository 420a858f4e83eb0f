import type { AudioFrame } from '@lianmai/media';
import type { InputClock } from './input-clock.ts';
import { LIMITER_DELAY } from './limiter.ts';
import { BLOCK, type Planes, planes, SAMPLES_PER_MS } from './planes.ts';
import { READER_MARGIN, readAtRate } from './rate-reader.ts';
import { SourceDecoder } from './source-decoder.ts';
import { FADE, Timeline } from './timeline.ts';

/** 10 ms: what begins is faded in so long, and volumes change over it. */
const RAMP = 480;
/** Samples that must be there behind a block, or it would have to be the last one for a while. */
const BEHIND = FADE + 2 * READER_MARGIN;
/** How far ahead of its time sound is needed by a block that is made at its beginning. */
const AHEAD_MS = (BLOCK + BEHIND + LIMITER_DELAY) / SAMPLES_PER_MS;
/** Off the playhead by this, the rate is corrected until it is exact; 1.5 ms and less is nothing. */
const TOLERANCE = 72;
const EXACT = 16;
/** An error is gone in about half a second, … */
const CORRECTION = 1 / 24_000;
/** … but no faster than so: 2 %, when a source is far off. */
const MOST_CORRECTION = 0.02;
/** 250 ms: further off, the reader jumps. */
const JUMP = 12_000;
/** Of the level, per block: up at once, down in about 300 ms. */
const LEVEL_RISE = 0.6;
const LEVEL_FALL = 0.07;

/** Read by whole blocks, with room for what the reader looks around for. */
const WINDOW = Math.ceil(BLOCK * (1 + MOST_CORRECTION)) + 2 * READER_MARGIN + 2;

/**
 * One input's sound: decodes what comes, and gives block by block what is due, at its volume. It begins and ends by fades of 5 to
 * 10 ms, whatever the reason.
 */
export class SoundInput {
  /** What was read last, at this input's volume. */
  readonly own: Planes = planes(BLOCK);
  readonly #timeline = new Timeline();
  readonly #decoder = new SourceDecoder(this.#timeline);
  readonly #window: Planes;
  readonly #aheadMs: number;
  #clock: InputClock | null = null;
  /** Number of the next sample to be read; null while it is silent. */
  #place: number | null = null;
  #correcting = false;
  #gain: number;
  #wantedGain: number;
  #gainStep = 0;
  #level = 0;
  #underruns = 0;
  #undecodable = 0;
  #bufferMs: number | null = null;

  /**
   * @param options.window shared by all inputs of a mix: see {@link readingWindow}.
   * @param options.lateMs how long after its beginning a block is made.
   */
  constructor({ window, lateMs, gain }: { window: Planes; lateMs: number; gain: number }) {
    this.#window = window;
    this.#aheadMs = Math.max(0, AHEAD_MS - lateMs);
    this.#gain = gain;
    this.#wantedGain = gain;
  }

  get level(): number {
    return this.#level;
  }

  /** Times it had to stop because nothing had come. */
  get underruns(): number {
    return this.#underruns;
  }

  /** Frames that could not be decoded. */
  get undecodable(): number {
    return this.#undecodable;
  }

  /** Sound that waits to be mixed; null before any came. */
  get bufferMs(): number | null {
    return this.#bufferMs;
  }

  /** Nothing of it is heard any more, and will not be. */
  get isGone(): boolean {
    return this.#wantedGain === 0 && (this.#gain === 0 || this.#place === null);
  }

  setGain(gain: number): void {
    if (gain === this.#wantedGain) return;
    this.#wantedGain = gain;
    this.#gainStep = (gain - this.#gain) / RAMP;
  }

  write(frame: AudioFrame, clock: InputClock, nowMs: number): void {
    if (this.#clock !== clock) {
      if (this.#clock) this.#timeline.restart();
      this.#clock = clock;
    }
    if (frame.type !== 'config') clock.arrived(frame.dts, nowMs, this.#aheadMs);
    if (!this.#decoder.push(frame)) this.#undecodable++;
  }

  /**
   * Reads the block that is due at `nowMs` into {@link own}.
   * @returns whether there is anything to hear.
   */
  read(nowMs: number): boolean {
    const playheadMs = this.#clock?.playheadMs(nowMs) ?? null;
    const due = playheadMs === null ? null : this.#timeline.placeOf(playheadMs);
    const isHeard = due !== null && this.#readFrom(due + LIMITER_DELAY);
    if (due !== null) {
      const from = this.#place ?? due;
      this.#timeline.release(Math.floor(from) - READER_MARGIN);
      this.#bufferMs = Math.max(0, this.#timeline.end - from) / SAMPLES_PER_MS;
    }
    if (isHeard) this.#applyGain();
    else this.#settleGain();
    this.#measure(isHeard);
    return isHeard;
  }

  close(): void {
    this.#decoder.close();
  }

  #readFrom(due: number): boolean {
    const { start, end } = this.#timeline;
    const begins = this.#place === null;
    if (this.#place === null) {
      const place = Math.round(due);
      if (place < start || place + BLOCK + BEHIND > end) return false;
      this.#place = place;
      this.#correcting = false;
    }
    const off = due - this.#place;
    if (Math.abs(off) > JUMP) {
      this.#finish(FADE);
      return true;
    }
    const rate = this.#rate(off, this.#place);
    if (this.#place + BLOCK * rate + BEHIND > end) {
      this.#underruns++;
      this.#finish(Math.max(0, Math.min(BLOCK, Math.floor(end - this.#place) - 2 * READER_MARGIN)));
      return true;
    }
    this.#copy(this.#place, rate, BLOCK);
    this.#place += BLOCK * rate;
    if (!this.#correcting) this.#place = Math.round(this.#place);
    if (begins) fadeIn(this.own, RAMP);
    return true;
  }

  /** How fast to read; a correction ends at a whole sample, so that what follows can be copied. */
  #rate(off: number, place: number): number {
    if (!this.#correcting && Math.abs(off) < TOLERANCE) return 1;
    this.#correcting = Math.abs(off) >= EXACT;
    if (!this.#correcting) return (Math.round(place + BLOCK) - place) / BLOCK;
    return 1 + Math.max(-MOST_CORRECTION, Math.min(MOST_CORRECTION, off * CORRECTION));
  }

  /** The last `count` samples for now, faded out. */
  #finish(count: number): void {
    const [left, right] = this.own;
    if (count > 0) this.#copy(this.#place ?? 0, 1, count);
    const length = Math.min(FADE, count);
    for (let i = 1; i <= length; i++) {
      left[count - i]! *= (i - 1) / length;
      right[count - i]! *= (i - 1) / length;
    }
    left.fill(0, count);
    right.fill(0, count);
    this.#place = null;
  }

  #copy(place: number, rate: number, count: number): void {
    const whole = Math.floor(place);
    if (rate === 1 && whole === place) return this.#timeline.copy(whole, count, this.own);
    const needed = Math.ceil(count * rate) + 2 * READER_MARGIN + 2;
    this.#timeline.copy(whole - READER_MARGIN, Math.min(needed, WINDOW), this.#window);
    readAtRate(this.#window, place - whole, rate, count, this.own);
  }

  #applyGain(): void {
    const [left, right] = this.own;
    if (this.#gain === this.#wantedGain) {
      const gain = this.#gain;
      if (gain === 1) return;
      for (let i = 0; i < BLOCK; i++) {
        left[i]! *= gain;
        right[i]! *= gain;
      }
      return;
    }
    const wanted = this.#wantedGain;
    const step = this.#gainStep;
    let gain = this.#gain;
    for (let i = 0; i < BLOCK; i++) {
      if (gain !== wanted) {
        gain += step;
        if (step > 0 ? gain > wanted : gain < wanted) gain = wanted;
      }
      left[i]! *= gain;
      right[i]! *= gain;
    }
    this.#gain = gain;
  }

  /** What is not heard needs no ramp. */
  #settleGain(): void {
    this.#gain = this.#wantedGain;
  }

  #measure(isHeard: boolean): void {
    let square = 0;
    if (isHeard) {
      const [left, right] = this.own;
      for (let i = 0; i < BLOCK; i++) square += left[i]! * left[i]! + right[i]! * right[i]!;
    }
    const rms = Math.min(1, Math.sqrt(square / (2 * BLOCK)));
    this.#level += (rms - this.#level) * (rms > this.#level ? LEVEL_RISE : LEVEL_FALL);
    if (this.#level < 1e-5) this.#level = 0;
  }
}

/** What {@link SoundInput}s read through, one after the other. */
export const readingWindow = (): Planes => planes(WINDOW);

function fadeIn([left, right]: Planes, length: number): void {
  for (let i = 0; i < length; i++) {
    left[i]! *= i / length;
    right[i]! *= i / length;
  }
}
