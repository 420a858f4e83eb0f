/** Stream names: what may stand in `/live/{stream}`. Letters, digits, `_`, `-`, `.`; not starting with a dot; at most 128. */
export const STREAM_NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/;

export type StreamState = 'idle' | 'live' | 'interrupted';
export type VideoCodec = 'h264' | 'h265' | 'av1' | 'vp8' | 'vp9';
export type AudioCodec = 'aac' | 'mp3' | 'opus';
export type IngestProtocol = 'rtmp' | 'rtmps' | 'whip' | 'internal';
export const PLAY_PROTOCOLS = ['rtmp', 'flv', 'ws-flv', 'hls', 'whep'] as const;
export type PlayProtocol = (typeof PLAY_PROTOCOLS)[number];

/** Why a stream ended or a publisher was sent away. */
export type EndReason =
  | 'unpublished' // the publisher said goodbye
  | 'vanished' // it did not, and the grace ran out
  | 'timed-out' // it stayed connected but sent nothing
  | 'disconnected' // by the API
  | 'forbidden' // account suspended, package used up, channel deleted
  | 'replaced'
  | 'protocol-error'
  | 'shutdown';

/** What is known of one live stream, measured by the worker that holds it over its last report interval. */
export interface StreamFigures {
  video: {
    codec: VideoCodec;
    width: number;
    height: number;
    fps: number;
    bitrateKbps: number;
    profile?: string;
    gopMs: number;
  } | null;
  audio: { codec: AudioCodec; sampleRate: number; channels: number; bitrateKbps: number } | null;
  /** Viewers by protocol on the reporting worker. */
  viewers: Partial<Record<PlayProtocol, number>>;
  bytesIn: number;
  bytesOut: number;
  framesDropped: number;
}
