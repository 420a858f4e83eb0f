import { type AudioFrame, type VideoFrame, WireError } from '@lianmai/media';
import { VIDEO_TIMESCALE } from '@lianmai/media/cmaf';
import {
  type AudioInfo,
  describeAudio,
  describeVideo,
  opusPacketSamples,
  parseAacConfig,
  parseMp3Header,
  silenceLike,
  type VideoInfo,
} from '@lianmai/media/codec';

/** One configuration of a track. Samples of equal configuration share the object, so it is compared by identity. */
export interface VideoTrackConfig {
  readonly frame: VideoFrame;
  readonly info: VideoInfo;
  readonly timescale: number;
}

export interface AudioTrackConfig {
  readonly frame: AudioFrame;
  readonly info: AudioInfo;
  readonly timescale: number;
  /** Ticks a frame lasts. */
  frameTicks(data: Buffer): number;
  /** A silent frame as long as this one; null: there is none. */
  silence(data: Buffer): Buffer | null;
}

/** The configurations in force; null: the track is not there. */
export interface TrackConfigs {
  video: VideoTrackConfig | null;
  audio: AudioTrackConfig | null;
}

const USUAL_OPUS_PACKET = 960; // 20 ms

/** @param keyFrame the first frame to be decoded with it; some codecs tell the picture's size only there. */
export function videoTrackConfig(frame: VideoFrame, keyFrame: VideoFrame): VideoTrackConfig | WireError {
  const info = describeVideo(frame, keyFrame);
  return info instanceof WireError ? info : { frame, info, timescale: VIDEO_TIMESCALE };
}

/** @param frame the configuration; for MP3 any frame. */
export function audioTrackConfig(frame: AudioFrame): AudioTrackConfig | WireError {
  const info = describeAudio(frame);
  if (info instanceof WireError) return info;
  const timescale = info.sampleRate;
  switch (frame.codec) {
    case 'opus':
      return { frame, info, timescale, frameTicks: opusTicks, silence: (data) => silenceLike('opus', data, null) };
    case 'mp3': {
      const header = parseMp3Header(frame.data);
      if (header instanceof WireError) return header;
      return { frame, info, timescale, frameTicks: () => header.samples, silence: () => null };
    }
    case 'aac': {
      const config = parseAacConfig(frame.data);
      if (config instanceof WireError) return config;
      // With SBR the decoder gives more samples than the core has.
      const ticks = Math.round((config.frameSamples * timescale) / config.sampleRate);
      return { frame, info, timescale, frameTicks: () => ticks, silence: (data) => silenceLike('aac', data, config) };
    }
  }
}

function opusTicks(data: Buffer): number {
  const samples = opusPacketSamples(data);
  return samples instanceof WireError ? USUAL_OPUS_PACKET : samples;
}

/** MP3 says in every frame what others say in a configuration: version, sample rate, mono or not (ISO 11172-3 2.4.1.3). */
export function sameMp3Format(config: AudioTrackConfig | null, frame: AudioFrame): boolean {
  if (config?.frame.codec !== 'mp3') return false;
  const [a, b] = [config.frame.data, frame.data];
  if (b.length < 4) return true;
  return a[1] === b[1] && ((a[2]! ^ b[2]!) & 0x0c) === 0 && (a[3]! >> 6 === 3) === (b[3]! >> 6 === 3);
}
