/**
 * The one shape in which encoded media moves through the server. Ingest makes frames of a protocol, egress makes a
 * protocol of frames; nobody between knows either.
 */
export type VideoCodec = 'h264' | 'h265' | 'av1' | 'vp8' | 'vp9';
export type AudioCodec = 'aac' | 'mp3' | 'opus';

/**
 * - `config`: a decoder configuration ("sequence header"), or a stream's metadata; carries no picture or sound.
 * - `key`: decodable alone: a key frame; every audio frame.
 * - `inter`: needs earlier frames.
 */
export type FrameType = 'config' | 'key' | 'inter';

interface FrameBase {
  readonly type: FrameType;
  /** Decode time on the stream's timeline, ms; unwrapped, so it may pass 2^32. Fractions are allowed. */
  readonly dts: number;
  /**
   * - h264, h265: NAL units with 4-byte lengths (ISO 14496-15); `config` is the avcC / hvcC record.
   * - av1: OBUs in low-overhead format without temporal delimiters; `config` is the av1C record.
   * - vp8, vp9: the frame; vp9's `config` is vpcC.
   * - aac: a raw access unit; `config` is the AudioSpecificConfig (ISO 14496-3 1.6.2.1).
   * - opus: a packet; `config` is the OpusHead (RFC 7845 5.1). mp3: a frame; no config.
   * - data: an AMF0 body, name first, without `@setDataFrame`; `config` is onMetaData.
   *
   * Shared by all receivers: never write to it.
   */
  readonly data: Buffer;
}

export interface VideoFrame extends FrameBase {
  readonly track: 'video';
  readonly codec: VideoCodec;
  /** Composition time minus decode time, ms, ISO 14496-12's offset; 0 without B-frames; may be negative. */
  readonly cts: number;
}

export interface AudioFrame extends FrameBase {
  readonly track: 'audio';
  readonly codec: AudioCodec;
  readonly cts: 0;
}

export interface DataFrame extends FrameBase {
  readonly track: 'data';
  readonly codec: 'amf0';
  readonly cts: 0;
}

export type Frame = VideoFrame | AudioFrame | DataFrame;
export type Track = Frame['track'];
