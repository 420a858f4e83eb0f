import type { EndReason } from '@lianmai/contract';
import type { AudioFrame, Frame, VideoFrame } from '@lianmai/media';
import type { LiveStream } from '../hub/sink.ts';
import { SoundHandover } from './sound-handover.ts';
import { SpliceSide } from './splice-side.ts';
import { TrackClock } from './track-clock.ts';

export interface SpliceEvents {
  /** The next frame: `dts` never goes back within a track. Configurations come before the frames that need them. */
  frame(frame: Frame): void;
  /** Another source is on air: its frames follow, from one that can be decoded alone. */
  switched(source: LiveStream): void;
  /** The source on air has no such track, the one before had. */
  without(track: 'video' | 'audio'): void;
  /** The source on air, or the cued one, was interrupted, came back or ended; `ended`: why the one on air did. */
  changed(ended?: EndReason): void;
  /** Whether anybody takes the frames; when not, they are no reason to keep the sources. Absent: always. */
  wanted?(): boolean;
}

/** From the last picture of one source to the first of the next at most, while frames of both come. */
const LONGEST_STEP_MS = 80;
/** A source without a picture for so long has stopped, whatever it says: the time is not made up for. */
const STOPPED_MS = 1000;
/** The first sound may begin so long before its picture. */
const EARLY_SOUND_MS = 100;
/** Two pictures never have the same time. */
const SHORTEST_STEP_MS = 1;

/**
 * Puts one source after another on one timeline, as if they were one stream. A source is cued while another is on air, and
 * follows it at its next key frame; until then frames of the old one go on. Sound is handed over by itself, where the two meet,
 * so that it has neither a gap nor goes back.
 */
export class Splice {
  readonly #events: SpliceEvents;
  readonly #now: () => number;
  readonly #clocks = { video: new TrackClock(), audio: new TrackClock(), data: new TrackClock() };
  #air: SpliceSide | null = null;
  #next: SpliceSide | null = null;
  /** What was on air before, until its sound is handed over. */
  #leaving: SpliceSide | null = null;
  #handover: SoundHandover | null = null;
  /** When what is on air came. */
  #enteredMs = 0;

  /** @param now ms; must not go back. */
  constructor(events: SpliceEvents, now: () => number) {
    this.#events = events;
    this.#now = now;
  }

  /** The source whose frames are given out; it may be interrupted, or ended when nothing follows it. */
  get onAir(): LiveStream | null {
    return this.#air?.source ?? null;
  }

  /** The source that follows at its next key frame. */
  get cued(): LiveStream | null {
    return this.#next?.source ?? null;
  }

  /** How long nothing has come of the source on air, ms. */
  get quietMs(): number {
    const { video, audio } = this.#clocks;
    return this.#now() - Math.max(video.atMs, audio.atMs, this.#enteredMs);
  }

  /**
   * Puts the first source on air as it is, its times unchanged. What it has sent before is not given out: whoever gets the frames
   * has its headers and GOP already.
   */
  begin(source: LiveStream): void {
    const nowMs = this.#now();
    for (const frame of source.gop) this.#clocks[frame.track].note(frame.dts, frame.cts, nowMs);
    this.#enteredMs = nowMs;
    this.#air = this.#side(source);
    this.#air.offsetMs = 0;
    this.#air.attach();
  }

  /** Lets a source follow at its next key frame; at once, with its GOP, when nothing is on air. In place of another cued one. */
  cue(source: LiveStream): void {
    if (this.#next?.source === source) return;
    this.uncue();
    this.#next = this.#side(source);
    this.#next.attach();
    if (this.#air === null) this.cut();
  }

  /** What is on air stays. */
  uncue(): void {
    this.#next?.detach();
    this.#next = null;
  }

  /**
   * The source on air does not come back: the cued one follows now, from its newest key frame, its pictures since then so close
   * together that they catch up with the present. When it has no GOP, it follows at its next key frame.
   */
  cut(): void {
    const next = this.#next;
    if (next?.begins) this.#catchUp(next, next.source.gop);
  }

  /** Lets all sources go. Idempotent. */
  close(): void {
    for (const side of [this.#air, this.#next, this.#leaving]) side?.detach();
    this.#air = null;
    this.#next = null;
    this.#leaving = null;
    this.#handover = null;
  }

  #side(source: LiveStream): SpliceSide {
    return new SpliceSide(source, this.#now(), {
      frame: (side, frame) => this.#take(side, frame),
      changed: (side, reason) => this.#changed(side, reason),
      wanted: () => this.#events.wanted?.() ?? true,
    });
  }

  #take(side: SpliceSide, frame: Frame): void {
    const nowMs = this.#now();
    if (side === this.#air) this.#onAir(side, frame, nowMs);
    else if (side === this.#next) {
      if (side.canStart(frame, nowMs)) this.#switch(side, frame as VideoFrame | AudioFrame, nowMs);
    } else if (side === this.#leaving && frame.track === 'audio') this.#oldSound(side, frame, nowMs);
  }

  #changed(side: SpliceSide, ended?: EndReason): void {
    if (side === this.#leaving) this.#leave(this.#now());
    else if (side === this.#air) this.#events.changed(ended);
    else if (side === this.#next) this.#events.changed();
  }

  #onAir(side: SpliceSide, frame: Frame, nowMs: number): void {
    if (frame.track === 'audio' && this.#handover) {
      // Configurations are taken from the source's headers when its sound begins.
      if (frame.type !== 'config') this.#newSound(side, frame, nowMs);
    } else if (frame.type === 'config') {
      this.#events.frame(side.offsetMs === 0 ? frame : { ...frame, dts: this.#clocks[frame.track].dts ?? 0 });
    } else this.#give(frame, frame.track === 'audio' ? side.soundOffsetMs : side.offsetMs, nowMs);
  }

  /** Gives a frame out, moved. */
  #give(frame: Frame, offsetMs: number, nowMs: number): void {
    const dts = this.#clocks[frame.track].note(frame.dts + offsetMs, frame.cts, nowMs);
    this.#events.frame(dts === frame.dts ? frame : { ...frame, dts });
  }

  #switch(side: SpliceSide, first: VideoFrame | AudioFrame, nowMs: number): void {
    const { clock, elapsedMs } = this.#anchor(first.track, nowMs);
    const goesOn = this.#air?.source.state === 'live' && elapsedMs < STOPPED_MS;
    const stepMs = Math.max(SHORTEST_STEP_MS, goesOn ? Math.min(elapsedMs, LONGEST_STEP_MS) : elapsedMs);
    const offsetMs =
      clock.dts === null
        ? 0
        : Math.max(clock.pts + stepMs - (first.dts + first.cts), clock.dts + SHORTEST_STEP_MS - first.dts);
    const recent = this.#enter(side, offsetMs, first.dts + offsetMs, goesOn);
    if (first.track === 'video') this.#give(first, offsetMs, nowMs);
    for (const sound of recent) this.#onAir(side, sound, nowMs);
    if (first.track === 'audio') this.#onAir(side, first, nowMs);
  }

  #catchUp(side: SpliceSide, gop: readonly Frame[], nowMs = this.#now()): void {
    const pictures = gop.filter((frame) => frame.track === 'video');
    const timed = pictures.length > 0 ? pictures : gop;
    const [first, last] = [timed[0]!.dts, timed.at(-1)!.dts];
    const { clock, elapsedMs } = this.#anchor(timed[0]!.track, nowMs);
    if (clock.dts === null) {
      this.#enter(side, 0, first, false);
      for (const frame of gop) this.#onAir(side, frame, nowMs);
      return;
    }
    const from = clock.pts + SHORTEST_STEP_MS;
    const to = from + Math.max(elapsedMs, pictures.length * SHORTEST_STEP_MS);
    const scale = last - first > to - from ? (to - from) / (last - first) : 1;
    const place = (time: number) => (time > last ? to + time - last : to - (last - time) * scale);
    this.#enter(side, to - last, place(first), false);
    for (const frame of gop) {
      if (frame.track !== 'video') this.#onAir(side, frame, nowMs);
      else {
        const dts = place(frame.dts);
        this.#give({ ...frame, dts, cts: place(frame.dts + frame.cts) - dts }, 0, nowMs);
      }
    }
  }

  /**
   * The side is on air from `startMs` on; the one before still gives sound when it `goesOn`.
   * @returns the sound it has sent already that may belong behind its first picture.
   */
  #enter(side: SpliceSide, offsetMs: number, startMs: number, goesOn: boolean): readonly AudioFrame[] {
    const before = this.#air;
    const { headers } = side.source;
    this.#leaving?.detach();
    this.#leaving = null;
    this.#air = side;
    this.#next = null;
    this.#enteredMs = this.#now();
    side.offsetMs = offsetMs;
    this.#events.switched(side.source);
    const recent = side.takeRecentSound();
    const hasSound = side.hasSound || recent.length > 0;
    const hadSound = this.#clocks.audio.dts !== null;
    this.#handover = hasSound && hadSound ? new SoundHandover(this.#clocks.audio, offsetMs, startMs) : null;
    if (this.#handover && goesOn && before?.hasSound) this.#leaving = before;
    else before?.detach();
    if (headers.metadata) this.#events.frame({ ...headers.metadata, dts: Math.max(0, startMs) });
    if (headers.video) this.#events.frame({ ...headers.video, dts: startMs });
    else if (this.#clocks.video.dts !== null && !side.hasPictures) this.#events.without('video');
    if (!hasSound && hadSound) this.#events.without('audio');
    else if (!this.#handover && headers.audio) this.#events.frame({ ...headers.audio, dts: startMs });
    // Without sound before there is nothing to meet: it begins with the picture.
    return this.#handover ? recent : recent.filter(({ dts }) => dts + offsetMs >= startMs - EARLY_SOUND_MS);
  }

  #newSound(side: SpliceSide, frame: AudioFrame, nowMs: number): void {
    const verdict = this.#handover!.arrived(frame, this.#leaving !== null);
    if (verdict === 'covers') this.#leave(nowMs);
    else if (verdict === 'ready') this.#handOver(side, nowMs);
  }

  #oldSound(side: SpliceSide, frame: AudioFrame, nowMs: number): void {
    const goesOn = frame.type !== 'config' && this.#handover?.letsPass(frame.dts + side.soundOffsetMs);
    if (!goesOn) return this.#leave(nowMs);
    this.#give(frame, side.soundOffsetMs, nowMs);
    if (this.#handover?.meets) this.#leave(nowMs);
  }

  /** The old source's sound is over; the new one's begins if it is there. */
  #leave(nowMs: number): void {
    this.#leaving?.detach();
    this.#leaving = null;
    if (this.#handover?.waits && this.#air) this.#handOver(this.#air, nowMs);
  }

  #handOver(side: SpliceSide, nowMs: number): void {
    const { frames, offsetMs } = this.#handover!.take();
    this.#handover = null;
    this.#leaving?.detach();
    this.#leaving = null;
    side.soundOffsetMs = offsetMs;
    const { audio } = side.source.headers;
    if (audio && frames[0]) this.#events.frame({ ...audio, dts: frames[0].dts + offsetMs });
    for (const frame of frames) this.#give(frame, offsetMs, nowMs);
  }

  /** The track by which the next source's first frame is placed, and how long ago its last frame came. */
  #anchor(track: Frame['track'], nowMs: number): { clock: TrackClock; elapsedMs: number } {
    const { video, audio } = this.#clocks;
    const [own, other] = track === 'video' ? [video, audio] : [audio, video];
    const clock = own.dts === null ? other : own;
    return { clock, elapsedMs: Math.max(0, nowMs - clock.atMs) };
  }
}
