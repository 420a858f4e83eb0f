import type { AudioCodec, VideoCodec } from '@lianmai/contract';

/**
 * How a stream reaches the picture. `flv` and `ws-flv`: FLV over HTTP or WebSocket, by Media Source Extensions; `hls`:
 * (LL-)HLS by the same; `native`: HLS played by the browser itself; `whep`: WebRTC.
 */
export const ENGINES = ['whep', 'flv', 'ws-flv', 'hls', 'native'] as const;
export type EngineId = (typeof ENGINES)[number];

/** The codecs of a stream as the server knows them; null where the track is missing. */
export interface StreamCodecs {
  video: VideoCodec | null;
  audio: AudioCodec | null;
}

/**
 * What the server says of the stream. `ended`: off, and it was live not long ago. `unreachable`: it could not be asked, which says nothing about the media: pushes
 * and their viewers outlive the part that answers.
 */
export type StreamStatus =
  | { is: 'unknown' }
  | { is: 'unreachable' }
  | { is: 'off' }
  | { is: 'ended' }
  | { is: 'live' | 'interrupted'; codecs: StreamCodecs };

/**
 * - `waiting`: not live yet; starts by itself. `ended`: it is over; also starts again by itself.
 * - `connecting`: nothing shown yet, or again after a loss. `buffering`: connected and out of data.
 * - `blocked`: the browser wants a touch before it plays. `interrupted`: the publisher is lost and may come back.
 * - `failed`: stays so until something is changed or `retry` is called.
 */
export type PlayerState =
  | 'waiting'
  | 'connecting'
  | 'playing'
  | 'paused'
  | 'buffering'
  | 'blocked'
  | 'interrupted'
  | 'ended'
  | 'offline'
  | 'failed';

/**
 * - `network`: the connection broke or was refused. `timeout`: open, but nothing came. `not-live`: 404.
 * - `forbidden`: the play address is not signed, or not well. `expired`: its time is up. `codec`: the browser can't decode the stream.
 * - `not-carried`: the protocol can't carry the stream.
 * - `media`: what came could not be decoded. `unsupported`: the browser has no way at all to play live video.
 * - `library`: the player's code could not be loaded.
 */
export type ProblemReason =
  | 'network'
  | 'timeout'
  | 'not-live'
  | 'forbidden'
  | 'expired'
  | 'codec'
  | 'not-carried'
  | 'media'
  | 'unsupported'
  | 'library';

export interface Problem {
  reason: ProblemReason;
  /** What the engine said; for the statistics panel and bug reports, not translated. */
  detail: string;
}

export interface PlayerSnapshot {
  state: PlayerState;
  /** The engine in use or about to be. */
  engine: EngineId | null;
  /** What the viewer asked for. */
  wish: EngineId | 'auto';
  /** Attempts since the last picture; 0 while nothing went wrong. */
  attempt: number;
  problem: Problem | null;
  muted: boolean;
  /** Sound is off because the browser would not start with it, not because the viewer wanted so. */
  mutedByBrowser: boolean;
  /** 0 to 1. */
  volume: number;
  /** False when the viewer is noticeably behind what the server has sent. */
  atLiveEdge: boolean;
  /** Natural size of the picture; null before the first one and for sound only. */
  size: { width: number; height: number } | null;
}

export interface PlayerStats {
  /** As on the wire: `HTTP-FLV`, `WebSocket-FLV`, `LL-HLS`, `HLS`, `WebRTC`. */
  protocol: string;
  size: { width: number; height: number } | null;
  /** Pictures decoded a second. */
  fps: number | null;
  /** What was received, kbit/s, averaged over some seconds. */
  bitrateKbps: number | null;
  delay: Delay | null;
  /** Media received and not yet shown. */
  bufferMs: number | null;
  droppedFrames: number | null;
  playbackRate: number;
  network: NetworkState | null;
}

/** `smaller`: it does not carry the stream's picture, so a smaller one comes. `strained`: it does not carry what comes. */
export type NetworkState = 'good' | 'smaller' | 'strained';

/**
 * How far behind the picture is, and what that was measured against. `buffer`: the newest data received (what
 * happened before is unknown to the player). `edge`: the newest part in the playlist. `clock`: the time the server
 * stamped on the segment, by this device's clock.
 */
export interface Delay {
  ms: number;
  behind: 'buffer' | 'edge' | 'clock';
}

export type Unsubscribe = () => void;

/** One video element playing one live stream, whatever happens on the way. */
export interface Player {
  readonly snapshot: PlayerSnapshot;
  /** Of the stream, as last told; null before. */
  readonly codecs: StreamCodecs | null;
  subscribe(listener: () => void): Unsubscribe;
  /** The newest word of the server on the stream. */
  streamIs(status: StreamStatus): void;
  /** Plays at the live edge. */
  play(): void;
  pause(): void;
  /** Jumps to the newest picture. */
  toLiveEdge(): void;
  /** Tries again now: with a clean slate. */
  retry(): void;
  setMuted(muted: boolean): void;
  /** 0 to 1; more than 0 also unmutes. */
  setVolume(volume: number): void;
  use(wish: EngineId | 'auto'): void;
  /** Null while no engine is open. */
  stats(): PlayerStats | null;
  /** Idempotent. The element is left without a source. */
  close(): void;
}
