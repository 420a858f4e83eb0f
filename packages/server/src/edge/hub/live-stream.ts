import type { EndReason, IngestProtocol, PlayProtocol, StreamHolder } from '@lianmai/contract';
import { type AudioFrame, type DataFrame, type Frame, type Track, type VideoFrame, WireError } from '@lianmai/media';
import { parseAacConfig, silenceLike } from '@lianmai/media/codec';
import type { AudienceMeter } from './audience-meter.ts';
import { GopCache } from './gop-cache.ts';
import type { LiveStream, StreamHeaders, StreamSink } from './sink.ts';
import { StreamMeter } from './stream-meter.ts';
import { Timeline } from './timeline.ts';
import type { WorkerTraffic } from './worker-traffic.ts';

/** So long after a source began, headers of the one before that did not come again are taken for gone. */
const STALE_HEADERS_MS = 2000;

export interface LiveStreamOptions {
  name: string;
  holder: StreamHolder;
  gopCacheBytes: number;
  traffic: WorkerTraffic;
  nowMs: number;
  /** Who watches it, when that is counted beyond this stream's life. */
  audience?: AudienceMeter;
}

/** A stream on this worker: takes the frames of its source, whichever that is, and gives them to its sinks. */
export class LiveStreamImpl implements LiveStream {
  readonly name: string;
  /** Whose traffic this is, and how it may be played; replaced with each new publisher. */
  holder: StreamHolder;
  readonly headers: StreamHeaders = { metadata: null, video: null, audio: null };
  readonly meter: StreamMeter;
  readonly #traffic: WorkerTraffic;
  readonly #gop: GopCache;
  readonly #timeline = new Timeline();
  readonly #sinks = new Set<StreamSink>();
  #state: LiveStream['state'] = 'live';
  #endReason: EndReason | null = null;
  /** Pictures are left out until one that can be decoded alone. */
  #awaitsKey = true;
  #stale: { tracks: Set<Track>; untilDts: number | null } | null = null;

  constructor({ name, holder, gopCacheBytes, traffic, nowMs, audience }: LiveStreamOptions) {
    this.name = name;
    this.holder = holder;
    this.#traffic = traffic;
    this.#gop = new GopCache(gopCacheBytes);
    this.meter = new StreamMeter(nowMs, audience);
  }

  get source(): string {
    return this.name;
  }

  get ingest(): IngestProtocol {
    return this.holder.protocol;
  }

  get state(): LiveStream['state'] {
    return this.#state;
  }

  get gop(): readonly Frame[] {
    return this.#gop.frames;
  }

  get gopMs(): number {
    return this.meter.gopMs;
  }

  /** Whether anybody takes its frames here; relays to other workers do not count. */
  get wanted(): boolean {
    for (const sink of this.#sinks) if (!sink.forRelay) return true;
    return false;
  }

  /** Whether anybody at all takes its frames. */
  get attached(): boolean {
    return this.#sinks.size > 0;
  }

  attach(sink: StreamSink): void {
    if (this.#endReason !== null) return sink.ended(this.#endReason);
    this.#sinks.add(sink);
  }

  detach(sink: StreamSink): void {
    this.#sinks.delete(sink);
  }

  countViewers(protocol: PlayProtocol, change: number): void {
    this.meter.audience.countViewers(protocol, change);
  }

  countReceived(bytes: number): void {
    this.meter.countReceived(bytes);
    this.#traffic.received(this.holder, this.holder.protocol, bytes);
  }

  countSent(protocol: PlayProtocol, bytes: number): void {
    this.meter.audience.countSent(bytes);
    this.#traffic.sent(this.holder, protocol, bytes);
  }

  countDropped(frames: number): void {
    this.meter.audience.countDropped(frames);
    this.#traffic.framesDropped += frames;
  }

  /** Another source follows, with a clock and perhaps tracks of its own. */
  startSource(): void {
    this.#timeline.startSource();
    this.#gop.restart();
    this.#awaitsKey = true;
    const { metadata, video, audio } = this.headers;
    const tracks = [metadata, video, audio].flatMap((frame) => frame?.track ?? []);
    this.#stale = tracks.length > 0 ? { tracks: new Set(tracks), untilDts: null } : null;
  }

  /** Frames of the source are missing here: pictures go on at the next key frame. */
  gap(): void {
    this.#awaitsKey = true;
    this.#gop.clear();
  }

  /** The stream comes from another worker now: who relayed it from here must ask there. */
  endRelays(): void {
    for (const sink of [...this.#sinks]) {
      if (!sink.forRelay) continue;
      this.#sinks.delete(sink);
      sink.ended('replaced');
    }
  }

  /** A frame with its source's time. */
  write(frame: Frame, nowMs: number): void {
    if (this.#state === 'ended') return;
    this.#stale?.tracks.delete(frame.track);
    if (frame.type === 'config') return this.#config(frame);
    const allowed = this.holder.play.silenced ? this.#silenced(frame) : frame;
    if (allowed) this.#write(allowed, nowMs);
  }

  /** What is left of a frame by the rules of the stream: null for nothing. */
  #silenced(frame: Frame): Frame | null {
    const { silenced } = this.holder.play;
    if (frame.track === 'video' && silenced?.video) {
      if (!this.#awaitsKey) this.gap();
      return null;
    }
    if (frame.track !== 'audio' || !silenced?.audio) return frame;
    const config = frame.codec === 'aac' && this.headers.audio ? parseAacConfig(this.headers.audio.data) : null;
    const data = silenceLike(frame.codec, frame.data, config instanceof WireError ? null : config);
    return data && { ...frame, data };
  }

  #write(frame: Frame, nowMs: number): void {
    if (frame.track === 'video') {
      if (this.#awaitsKey && frame.type !== 'key') return;
      this.#awaitsKey = false;
    }
    const dts =
      frame.track === 'data'
        ? this.#timeline.placeData(frame.dts)
        : this.#timeline.place(frame.track, frame.dts, nowMs);
    this.#forgetStale(dts);
    const placed = { ...frame, dts };
    this.#gop.push(placed, this.headers.video !== null);
    this.#emit(placed);
  }

  interrupt(): void {
    if (this.#state !== 'live') return;
    this.#state = 'interrupted';
    for (const sink of this.#sinks) sink.interrupted?.();
  }

  resume(): void {
    if (this.#state !== 'interrupted') return;
    this.#state = 'live';
    for (const sink of this.#sinks) sink.resumed?.();
  }

  /** Idempotent. Sinks are detached before they are told. */
  end(reason: EndReason): void {
    if (this.#endReason !== null) return;
    this.#state = 'ended';
    this.#endReason = reason;
    const sinks = [...this.#sinks];
    this.#sinks.clear();
    for (const sink of sinks) sink.ended(reason);
    this.#gop.clear();
  }

  /** Only when it says something new; frames before the change do not fit the new decoder. */
  #config(frame: Frame): void {
    const before = this.#header(frame.track);
    if (before && before.codec === frame.codec && before.data.equals(frame.data)) return;
    const placed = { ...frame, dts: this.#timeline.placeConfig(frame.track) };
    if (placed.track === 'video') this.headers.video = placed;
    else if (placed.track === 'audio') this.headers.audio = placed;
    else this.headers.metadata = placed;
    if (before && frame.track !== 'data') this.#gop.clear();
    this.#emit(placed);
  }

  #header(track: Track): VideoFrame | AudioFrame | DataFrame | null {
    return track === 'data' ? this.headers.metadata : this.headers[track];
  }

  #forgetStale(dts: number): void {
    const stale = this.#stale;
    if (!stale) return;
    stale.untilDts ??= dts + STALE_HEADERS_MS;
    if (dts < stale.untilDts) return;
    for (const track of stale.tracks) {
      if (track === 'data') this.headers.metadata = null;
      else {
        this.headers[track] = null;
        this.meter.forget(track);
      }
    }
    this.#stale = null;
  }

  #emit(frame: Frame): void {
    this.meter.frame(frame);
    for (const sink of this.#sinks) sink.frame(frame);
  }
}
