import type { AudioFrame, VideoFrame } from '../frame.ts';
import { WireError } from '../result.ts';
import { aacCodecString, parseAacConfig } from './aac.ts';
import { av1CodecString, av1ProfileName, findSequenceHeader, parseAv1Config } from './av1.ts';
import { avcCodecString, avcProfileName, parseAvcConfig, parseAvcSps } from './h264.ts';
import { parseHevcConfig } from './h265.ts';
import { hevcCodecString, hevcProfileName } from './h265-profile.ts';
import { parseHevcSps } from './h265-sps.ts';
import type { AudioInfo, VideoInfo } from './info.ts';
import { parseMp3Header } from './mp3.ts';
import { OPUS_SAMPLE_RATE, parseOpusHead } from './opus.ts';
import type { PixelAspect } from './pixel-aspect.ts';
import { parseVp8KeyFrame, parseVp9KeyFrame, parseVpConfig, vpCodecString } from './vp9.ts';

/**
 * What a stream's video is, from its configuration frame.
 * @param keyFrame needed for VP9 and VP8, whose configuration has no picture size (then `config` may be a key frame too),
 *   and for AV1 whose configuration has no sequence header.
 */
export function describeVideo(config: VideoFrame, keyFrame?: VideoFrame): VideoInfo | WireError {
  switch (config.codec) {
    case 'h264':
      return describeAvc(config.data);
    case 'h265':
      return describeHevc(config.data);
    case 'av1':
      return describeAv1(config, keyFrame);
    case 'vp9':
      return describeVp9(config, keyFrame);
    case 'vp8':
      return describeVp8(config, keyFrame);
  }
}

function describeAvc(data: Buffer): VideoInfo | WireError {
  const config = parseAvcConfig(data);
  if (config instanceof WireError) return config;
  const unit = config.sps[0];
  if (unit === undefined) return new WireError('an SPS in avcC', 'none', 5);
  const sps = parseAvcSps(unit);
  if (sps instanceof WireError) return sps;
  return {
    codec: 'h264',
    width: sps.width,
    height: sps.height,
    codecString: avcCodecString(config),
    profile: avcProfileName(sps.profile, sps.constraints),
    ...timing(sps),
  };
}

function describeHevc(data: Buffer): VideoInfo | WireError {
  const config = parseHevcConfig(data);
  if (config instanceof WireError) return config;
  const unit = config.sps[0];
  if (unit === undefined) return new WireError('an SPS in hvcC', 'none', 22);
  const sps = parseHevcSps(unit);
  if (sps instanceof WireError) return sps;
  return {
    codec: 'h265',
    width: sps.width,
    height: sps.height,
    codecString: hevcCodecString(config),
    profile: hevcProfileName(sps.profile),
    ...timing(sps),
  };
}

function describeAv1(config: VideoFrame, keyFrame: VideoFrame | undefined): VideoInfo | WireError {
  const record = config.type === 'config' ? parseAv1Config(config.data) : null;
  if (record instanceof WireError) return record;
  let sequence = findSequenceHeader(record?.obus ?? config.data);
  if (sequence === null && keyFrame !== undefined) sequence = findSequenceHeader(keyFrame.data);
  if (sequence === null) return new WireError('a sequence header in av1C or a key frame', 'none', 4);
  if (sequence instanceof WireError) return sequence;
  return {
    codec: 'av1',
    width: sequence.width,
    height: sequence.height,
    codecString: av1CodecString(record ?? sequence),
    profile: av1ProfileName(sequence.profile),
    ...timing(sequence),
  };
}

function describeVp9(config: VideoFrame, keyFrame: VideoFrame | undefined): VideoInfo | WireError {
  const pictures = config.type === 'config' ? keyFrame : config;
  if (pictures === undefined) return new WireError('a VP9 key frame beside the configuration', 'none');
  const key = parseVp9KeyFrame(pictures.data);
  if (key instanceof WireError) return key;
  const record = config.type === 'config' ? parseVpConfig(config.data) : { ...key, level: 0 };
  if (record instanceof WireError) return record;
  return {
    codec: 'vp9',
    width: key.width,
    height: key.height,
    codecString: vpCodecString('vp09', record),
    profile: `Profile ${key.profile}`,
  };
}

function describeVp8(config: VideoFrame, keyFrame: VideoFrame | undefined): VideoInfo | WireError {
  const pictures = config.type === 'config' ? keyFrame : config;
  if (pictures === undefined) return new WireError('a VP8 key frame beside the configuration', 'none');
  const key = parseVp8KeyFrame(pictures.data);
  if (key instanceof WireError) return key;
  const { profile, width, height } = key;
  return { codec: 'vp8', width, height, codecString: vpCodecString('vp08', { profile, level: 0, bitDepth: 8 }) };
}

function timing(from: { fps?: number; pixelAspect?: PixelAspect }): { fps?: number; pixelAspect?: PixelAspect } {
  return {
    ...(from.fps === undefined ? {} : { fps: from.fps }),
    ...(from.pixelAspect === undefined ? {} : { pixelAspect: from.pixelAspect }),
  };
}

/** What a stream's audio is, from its configuration frame; for MP3, which has none, from any frame. */
export function describeAudio(frame: AudioFrame): AudioInfo | WireError {
  if (frame.codec === 'mp3') {
    const header = parseMp3Header(frame.data);
    if (header instanceof WireError) return header;
    return { codec: 'mp3', sampleRate: header.sampleRate, channels: header.channels, codecString: 'mp4a.40.34' };
  }
  if (frame.type !== 'config') return new WireError(`an ${frame.codec} configuration`, 'a frame');
  if (frame.codec === 'opus') {
    const head = parseOpusHead(frame.data);
    if (head instanceof WireError) return head;
    return { codec: 'opus', sampleRate: OPUS_SAMPLE_RATE, channels: head.channels, codecString: 'opus' };
  }
  const config = parseAacConfig(frame.data);
  if (config instanceof WireError) return config;
  return {
    codec: 'aac',
    sampleRate: config.extensionRate,
    channels: config.ps && config.channels === 1 ? 2 : config.channels,
    codecString: aacCodecString(config),
  };
}
