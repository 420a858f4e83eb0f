import type { EndReason } from '@lianmai/contract';
import type { AudioFrame, Frame } from '@lianmai/media';
import type { LiveStream, StreamSink } from '../hub/sink.ts';
import { StartRule } from '../hub/start-rule.ts';

export interface SpliceSideEvents {
  frame(side: SpliceSide, frame: Frame): void;
  changed(side: SpliceSide, ended?: EndReason): void;
  wanted(): boolean;
}

/** Sound that came shortly before a source's key frame may belong behind it. */
const RECENT_SOUND_MS = 500;
/** Sound alone is a stream without pictures only when none came for so long. */
const SOUND_ALONE_MS = 1000;

/** One source of a splice: waiting for its turn, on air, or leaving. */
export class SpliceSide implements StreamSink {
  readonly source: LiveStream;
  readonly #events: SpliceSideEvents;
  readonly #sinceMs: number;
  readonly #rule = new StartRule();
  #recentSound: AudioFrame[] = [];
  #offsetMs = 0;
  /** Added to the times of its sound: differs from {@link offsetMs} by less than a frame's length. */
  soundOffsetMs = 0;

  constructor(source: LiveStream, nowMs: number, events: SpliceSideEvents) {
    this.source = source;
    this.#sinceMs = nowMs;
    this.#events = events;
  }

  /** Added to the source's times. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  set offsetMs(offsetMs: number) {
    this.#offsetMs = offsetMs;
    this.soundOffsetMs = offsetMs;
  }

  /** {@link StreamSink.forRelay}: a splice that nobody takes from is no reason to keep its sources. */
  get forRelay(): boolean {
    return !this.#events.wanted();
  }

  get hasSound(): boolean {
    return this.source.headers.audio !== null || this.source.gop.some(({ track }) => track === 'audio');
  }

  get hasPictures(): boolean {
    return this.source.headers.video !== null || this.source.gop.some(({ track }) => track === 'video');
  }

  /** Whether its GOP can be gone on with. */
  get begins(): boolean {
    const { gop } = this.source;
    const [first] = gop;
    if (first === undefined || this.source.state === 'ended') return false;
    return first.track === 'video' ? first.type === 'key' : gop.at(-1)!.dts - first.dts >= SOUND_ALONE_MS / 2;
  }

  attach(): void {
    this.source.attach(this);
  }

  detach(): void {
    this.source.detach(this);
  }

  /** Whether the source can follow with this frame; keeps the sound that comes before. To be asked about every frame while it waits. */
  canStart(frame: Frame, nowMs: number): boolean {
    const starts = this.#rule.isStart(frame, this.source.headers.video !== null);
    if (starts && (frame.track === 'video' || nowMs - this.#sinceMs >= SOUND_ALONE_MS)) return true;
    if (frame.track === 'audio' && frame.type !== 'config') this.#keep(frame);
    return false;
  }

  /** The sound of the last moment, which is not kept any longer. */
  takeRecentSound(): readonly AudioFrame[] {
    const recent = this.#recentSound;
    this.#recentSound = [];
    return recent;
  }

  frame(frame: Frame): void {
    this.#events.frame(this, frame);
  }

  interrupted(): void {
    this.#events.changed(this);
  }

  resumed(): void {
    this.#rule.restart();
    this.#recentSound = [];
    this.#events.changed(this);
  }

  ended(reason: EndReason): void {
    // Sent away for being no reason to keep the stream, which goes on by another way.
    if (this.source.state !== 'ended') return this.attach();
    this.#events.changed(this, reason);
  }

  #keep(frame: AudioFrame): void {
    this.#recentSound.push(frame);
    while (this.#recentSound[0]!.dts < frame.dts - RECENT_SOUND_MS) this.#recentSound.shift();
  }
}
