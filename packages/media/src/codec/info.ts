import type { AudioCodec, VideoCodec } from '../frame.ts';

/** What a video stream's configuration says of its pictures. */
export interface VideoInfo {
  codec: VideoCodec;
  /** Pixels as shown: after cropping, before the pixel aspect is applied. */
  width: number;
  height: number;
  /** For HLS CODECS and MSE: RFC 6381 and the codecs' own annexes, such as `avc1.64001f`. */
  codecString: string;
  /** A name people know: `High`, `Main 10`. */
  profile?: string;
  /** Only when the configuration promises it. */
  fps?: number;
  /** Width by height of one pixel when it is not square. */
  pixelAspect?: { width: number; height: number };
}

/** What an audio stream's configuration (MP3: a frame) says of its sound. */
export interface AudioInfo {
  codec: AudioCodec;
  /** Hz of the decoder's output; 48000 for Opus always. */
  sampleRate: number;
  channels: number;
  /** For HLS CODECS and MSE, such as `mp4a.40.2`, `opus`. */
  codecString: string;
}
