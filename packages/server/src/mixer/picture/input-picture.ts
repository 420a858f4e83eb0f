import type { MixInputStatus } from '@lianmai/contract';
import type { VideoFrame } from '@lianmai/media';
import type { Frame } from 'node-av/lib';
import { Normaliser } from './normaliser.ts';
import { PictureDecoder } from './picture-decoder.ts';
import { type Picture, PicturePool } from './picture-pool.ts';

/** Tells which media time is due now. */
export interface Playhead {
  playheadMs(nowMs: number): number | null;
}

export interface PictureState {
  state: MixInputStatus['state'];
  width: number | null;
  height: number | null;
  fps: number | null;
  /** From a frame's arrival to its being on the canvas. */
  delayMs: number | null;
}

interface Waiting {
  picture: Picture;
  ptsMs: number;
  arrivedMs: number;
}

/** Nothing new for so long: its picture stands still, then a placeholder takes its place. */
const FROZEN_MS = 500;
export const GONE_MS = 2000;
/** Decoded pictures that wait for their time; with more the oldest is shown early. */
const MOST_WAITING = 16;
/** Timestamps that go back or leap so far begin anew. */
const LEAP_BACK_MS = 1000;
const LEAP_MS = 10_000;
const KEY_FRAME_WISH_MS = 1000;
/** A stream that never sends a key frame again (intra refresh) is shown after so long, spots and all. */
const KEY_FRAME_PATIENCE_MS = 4000;
const FPS_WINDOW_MS = 1000;
const DELAY_SMOOTHING = 0.1;
/** A clock's playhead is rounded now and then. */
const DUE_TOLERANCE_MS = 1;

/** What one input looks like now: its decoder, the pictures that are to come and the one that is due. */
export class InputPicture {
  readonly #wantKeyFrame: () => void;
  readonly #normaliser = new Normaliser();
  readonly #decoder: PictureDecoder;
  readonly #waiting: Waiting[] = [];
  readonly #pool = new PicturePool();
  #shown: Waiting | null = null;
  #isNew = false;
  #clock: Playhead | null = null;
  #nowMs = 0;
  #isWatched = true;
  #awaitsKeySinceMs: number | null = 0;
  #isDamaged = false;
  #wishedMs = Number.NEGATIVE_INFINITY;
  #lastPtsMs: number | null = null;
  #lastArrivalMs: number | null = null;
  #size: { width: number; height: number } | null = null;
  #delayMs: number | null = null;
  #fps: { sinceMs: number; frames: number; value: number | null } = { sinceMs: 0, frames: 0, value: null };

  /** @param wantKeyFrame the stream cannot be shown without one; called at most once a second */
  constructor(wantKeyFrame: () => void) {
    this.#wantKeyFrame = wantKeyFrame;
    this.#decoder = new PictureDecoder((frame, ptsMs) => this.#take(frame, ptsMs));
  }

  /** A frame of the stream, configurations too. */
  write(frame: VideoFrame, clock: Playhead, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#clock = clock;
    if (frame.type === 'config') {
      this.#decoder.configure(frame.codec, frame.data);
      return;
    }
    if (!this.#isWatched) {
      this.#awaitsKeySinceMs ??= nowMs;
      return;
    }
    if (frame.type === 'key') this.#awaitsKeySinceMs = null;
    else if (this.#awaitsKeySinceMs !== null) {
      this.#awaitsKeySinceMs ||= nowMs;
      this.#wish(nowMs);
      if (nowMs - this.#awaitsKeySinceMs < KEY_FRAME_PATIENCE_MS) return;
      this.#awaitsKeySinceMs = null;
    }
    if (this.#decoder.decode(frame)) {
      this.#isDamaged = false;
      return;
    }
    this.#isDamaged = true;
    this.#awaitsKeySinceMs = nowMs;
    this.#wish(nowMs);
  }

  /** The stream ended or changed; what is shown freezes. */
  reset(): void {
    this.#decoder.reset();
    for (const { picture } of this.#waiting.splice(0)) this.#pool.giveBack(picture);
    this.#awaitsKeySinceMs = 0;
    this.#isDamaged = false;
    this.#lastPtsMs = null;
    this.#clock = null;
    if (this.#shown) this.#shown.ptsMs = Number.NEGATIVE_INFINITY;
  }

  /** Nobody sees it: nothing is decoded. Seen again it needs a key frame. */
  watch(isWatched: boolean): void {
    this.#isWatched = isWatched;
  }

  /** Its picture is made much smaller where it is shown. */
  save(isSaving: boolean): void {
    this.#decoder.save(isSaving);
  }

  /** Shows what is due. @returns whether {@link picture} is another one now */
  advance(nowMs: number): boolean {
    this.#nowMs = nowMs;
    if (this.#lastArrivalMs !== null && nowMs - this.#lastArrivalMs >= GONE_MS) return this.#vanish();
    const playhead = this.#clock?.playheadMs(nowMs) ?? null;
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const isDue = playhead === null || next.ptsMs <= playhead + DUE_TOLERANCE_MS;
      if (!isDue && this.#shown && this.#waiting.length <= MOST_WAITING) break;
      this.#waiting.shift();
      this.#show(next);
    }
    if (!this.#isNew || !this.#shown) return false;
    this.#isNew = false;
    const delayMs = nowMs - this.#shown.arrivedMs;
    this.#delayMs = this.#delayMs === null ? delayMs : this.#delayMs + (delayMs - this.#delayMs) * DELAY_SMOOTHING;
    return true;
  }

  /** 4:2:0, limited range, upright; valid until the next call of `advance`. null: there is none. */
  get picture(): Picture | null {
    return this.#shown?.picture ?? null;
  }

  state(): PictureState {
    const { width = null, height = null } = this.#size ?? {};
    return { state: this.#stateName(), width, height, fps: this.#fps.value, delayMs: this.#delayMs };
  }

  close(): void {
    this.#decoder.close();
    this.#normaliser.close();
    for (const { picture } of this.#waiting.splice(0)) picture.frame.free();
    this.#shown?.picture.frame.free();
    this.#shown = null;
    this.#pool.close();
  }

  #stateName(): PictureState['state'] {
    if (this.#isDamaged) return 'broken';
    if (this.#lastArrivalMs === null) return 'waiting';
    const silentMs = this.#nowMs - this.#lastArrivalMs;
    if (silentMs >= GONE_MS) return 'gone';
    return silentMs >= FROZEN_MS ? 'frozen' : 'live';
  }

  #take(frame: Frame, ptsMs: number): void {
    const picture = this.#copyOf(frame);
    if (!picture) return;
    const nowMs = this.#nowMs;
    const last = this.#lastPtsMs;
    if (last !== null && (ptsMs < last - LEAP_BACK_MS || ptsMs > last + LEAP_MS)) this.#beginAnew();
    this.#lastPtsMs = ptsMs;
    this.#lastArrivalMs = nowMs;
    this.#size = { width: picture.width, height: picture.height };
    this.#count(nowMs);
    if (this.#shown && ptsMs <= this.#shown.ptsMs) return this.#pool.giveBack(picture);
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1] as Waiting).ptsMs > ptsMs) at--;
    this.#waiting.splice(at, 0, { picture, ptsMs, arrivedMs: nowMs });
    if (this.#waiting.length > MOST_WAITING) this.#show(this.#waiting.shift() as Waiting);
  }

  /** As the canvas needs it; null: it cannot be converted. */
  #copyOf(frame: Frame): Picture | null {
    try {
      this.#normaliser.normalise(frame);
      return this.#pool.copyOf(frame);
    } catch {
      return null;
    }
  }

  /** What waited belongs to a time that does not come any more. */
  #beginAnew(): void {
    for (const { picture } of this.#waiting.splice(0)) this.#pool.giveBack(picture);
    if (this.#shown) this.#shown.ptsMs = Number.NEGATIVE_INFINITY;
  }

  #show(next: Waiting): void {
    if (this.#shown) this.#pool.giveBack(this.#shown.picture);
    this.#shown = next;
    this.#isNew = true;
  }

  #vanish(): boolean {
    for (const { picture } of this.#waiting.splice(0)) this.#pool.giveBack(picture);
    if (!this.#shown) return false;
    this.#pool.giveBack(this.#shown.picture);
    this.#shown = null;
    this.#isNew = false;
    this.#fps.value = 0;
    return true;
  }

  #count(nowMs: number): void {
    const fps = this.#fps;
    if (fps.sinceMs === 0 || nowMs - fps.sinceMs > 2 * FPS_WINDOW_MS) Object.assign(fps, { sinceMs: nowMs, frames: 0 });
    fps.frames++;
    const passedMs = nowMs - fps.sinceMs;
    if (passedMs < FPS_WINDOW_MS) return;
    this.#fps = { sinceMs: nowMs, frames: 1, value: ((fps.frames - 1) * 1000) / passedMs };
  }

  #wish(nowMs: number): void {
    if (nowMs - this.#wishedMs < KEY_FRAME_WISH_MS) return;
    this.#wishedMs = nowMs;
    this.#wantKeyFrame();
  }
}
