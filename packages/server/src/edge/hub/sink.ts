import type { EndReason, IngestProtocol, PlayProtocol } from '@lianmai/contract';
import type { AudioFrame, DataFrame, Frame, VideoFrame } from '@lianmai/media';

/** Whoever takes a stream's frames: a fan-out, a packager, a relay. Called synchronously, in stream order; must not throw. */
export interface StreamSink {
  /** It carries the stream to another worker: no reason to keep a stream that nobody here watches. */
  readonly forRelay?: boolean;
  /**
   * One frame on the stream's timeline: `dts` never goes back within a track, across reconnects and changes of source.
   * A `config` frame comes again whenever it changed.
   */
  frame(frame: Frame): void;
  /** The publisher is gone; it may come back within the grace. */
  interrupted?(): void;
  /** It came back: frames follow, from a key frame. */
  resumed?(): void;
  /** No more frames, ever: close your receivers. The sink is already detached. */
  ended(reason: EndReason): void;
}

/** What a newcomer needs before the first frame. */
export interface StreamHeaders {
  metadata: DataFrame | null;
  video: VideoFrame | null;
  audio: AudioFrame | null;
}

/** One stream as a worker sees it, wherever its publisher is connected. */
export interface LiveStream {
  readonly name: string;
  /** The stream whose frames these are for now: which to ask for a key frame. */
  readonly source: string;
  /** Another source may follow that has tracks this one lacks. */
  readonly mayGainTracks?: boolean;
  /** How its publisher sends it. */
  readonly ingest: IngestProtocol;
  readonly state: 'live' | 'interrupted' | 'ended';
  readonly headers: Readonly<StreamHeaders>;
  /** Frames since the newest key frame, oldest first, without configs; the newest audio only, for streams without video. */
  readonly gop: readonly Frame[];
  /** Distance of the newest two key frames, ms; 0 while there are not two. */
  readonly gopMs: number;
  attach(sink: StreamSink): void;
  /** Detaching a sink that is not attached does nothing. */
  detach(sink: StreamSink): void;
  /** Counts viewers for the figures: +1 at the start, -1 at the end. */
  countViewers(protocol: PlayProtocol, change: number): void;
  /** Meters what was written to viewers. */
  countSent(protocol: PlayProtocol, bytes: number): void;
  /** Frames that slow viewers did not get. */
  countDropped(frames: number): void;
}
