import type { EndReason, IngestProtocol, PlayProtocol } from '@lianmai/contract';
import type { AudioFrame, DataFrame, Frame, VideoFrame } from '@lianmai/media';
import { GopCache } from '../hub/gop-cache.ts';
import type { LiveStream, StreamHeaders, StreamSink } from '../hub/sink.ts';
import { Splice } from './splice.ts';

export interface ProgramStreamOptions {
  /** The channel's stream name. */
  name: string;
  /** What is on air first. */
  first: LiveStream;
  gopCacheBytes: number;
  now(): number;
  /** Viewers and their bytes are the channel's, whatever source is on air. */
  countViewers(protocol: PlayProtocol, change: number): void;
  countSent(protocol: PlayProtocol, bytes: number): void;
  countDropped(frames: number): void;
  /** The source on air, or the cued one, was interrupted, came back, ended or is on air now; see {@link SpliceEvents.changed}. */
  changed(ended?: EndReason): void;
}

/** What newcomers need; the first source has it itself. */
interface Kept {
  readonly headers: StreamHeaders;
  readonly gop: GopCache;
}

/**
 * What the viewers of a channel see on this worker: one source after another as one stream. As long as it is the first source,
 * its frames are passed on as they are, and nothing is kept here.
 */
export class ProgramStream implements LiveStream {
  readonly name: string;
  readonly mayGainTracks = true;
  readonly splice: Splice;
  readonly #options: ProgramStreamOptions;
  readonly #sinks = new Set<StreamSink>();
  #kept: Kept | null = null;
  #before: LiveStream;
  #state: 'live' | 'interrupted' = 'live';
  #endReason: EndReason | null = null;

  constructor(options: ProgramStreamOptions) {
    this.#options = options;
    this.name = options.name;
    this.#before = options.first;
    this.splice = new Splice(
      {
        frame: (frame) => this.#frame(frame),
        switched: (source) => this.#switched(source),
        without: (track) => this.#without(track),
        changed: (ended) => options.changed(ended),
        wanted: () => this.#sinks.size > 0,
      },
      options.now,
    );
    if (options.first.state === 'interrupted') this.#state = 'interrupted';
    this.splice.begin(options.first);
  }

  /** What is on air. */
  get source(): string {
    return this.#current.source;
  }

  get ingest(): IngestProtocol {
    return this.#current.ingest;
  }

  get state(): LiveStream['state'] {
    return this.#endReason === null ? this.#state : 'ended';
  }

  get headers(): Readonly<StreamHeaders> {
    return this.#kept?.headers ?? this.#current.headers;
  }

  get gop(): readonly Frame[] {
    return this.#kept?.gop.frames ?? this.#current.gop;
  }

  get gopMs(): number {
    return this.#current.gopMs;
  }

  /** Whether anybody takes its frames. */
  get wanted(): boolean {
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
    this.#options.countViewers(protocol, change);
  }

  countSent(protocol: PlayProtocol, bytes: number): void {
    this.#options.countSent(protocol, bytes);
  }

  countDropped(frames: number): void {
    this.#options.countDropped(frames);
  }

  /** No source gives frames for now. */
  interrupt(): void {
    if (this.state !== 'live') return;
    this.#state = 'interrupted';
    for (const sink of this.#sinks) sink.interrupted?.();
  }

  /** The source on air gives frames again. */
  resume(): void {
    if (this.state !== 'interrupted') return;
    this.#state = 'live';
    for (const sink of this.#sinks) sink.resumed?.();
  }

  /** Idempotent. Sinks are detached before they are told. */
  end(reason: EndReason): void {
    if (this.#endReason !== null) return;
    this.#endReason = reason;
    this.splice.close();
    const sinks = [...this.#sinks];
    this.#sinks.clear();
    for (const sink of sinks) sink.ended(reason);
    this.#kept?.gop.clear();
  }

  get #current(): LiveStream {
    return this.splice.onAir ?? this.#before;
  }

  #switched(source: LiveStream): void {
    this.#kept ??= { headers: { ...this.#before.headers }, gop: new GopCache(this.#options.gopCacheBytes) };
    this.#kept.gop.restart();
    this.#kept.headers.metadata = null;
    this.#before = source;
    this.resume();
    this.#options.changed();
  }

  #without(track: 'video' | 'audio'): void {
    if (this.#kept) this.#kept.headers[track] = null;
  }

  #frame(frame: Frame): void {
    const kept = this.#kept;
    if (kept !== null) {
      if (frame.type !== 'config') kept.gop.push(frame, kept.headers.video !== null);
      else if (!this.#configure(kept, frame)) return;
    }
    for (const sink of this.#sinks) sink.frame(frame);
  }

  /** Whether the configuration says anything new; frames before it do not fit the new decoder. */
  #configure({ headers, gop }: Kept, frame: Frame): boolean {
    const { track } = frame;
    const before: VideoFrame | AudioFrame | DataFrame | null = headers[track === 'data' ? 'metadata' : track];
    if (before && before.codec === frame.codec && before.data.equals(frame.data)) return false;
    if (track === 'data') headers.metadata = frame;
    else if (track === 'video') headers.video = frame;
    else headers.audio = frame;
    if (before && track !== 'data') gop.clear();
    return true;
  }
}
