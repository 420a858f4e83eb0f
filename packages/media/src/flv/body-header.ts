import type { AudioFrame, Frame, VideoFrame } from '../frame.ts';
import { AV01, HVC1, OPUS, VP08, VP09 } from './fourcc.ts';

const EMPTY = Buffer.alloc(0);
const CODEC_AVC = 7;
const KEY = 1;
const INTER = 2;
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const CODED_FRAMES_X = 3;

const AVC_CONFIG = legacyAvc(KEY, SEQUENCE_START, 0);
const AVC_KEY = legacyAvc(KEY, CODED_FRAMES, 0);
const AVC_INTER = legacyAvc(INTER, CODED_FRAMES, 0);
/** FLV 10.1 E.4.2.1: AAC is always written as 44.1 kHz 16-bit stereo; the configuration has the truth. */
const AAC_CONFIG = Buffer.of(0xaf, 0);
const AAC_FRAME = Buffer.of(0xaf, 1);
const OPUS_CONFIG = extended(0x90, OPUS);
const OPUS_FRAME = extended(0x91, OPUS);
const HEVC = extendedVideo(HVC1, CODED_FRAMES_X);
const AV1 = extendedVideo(AV01, CODED_FRAMES);
const VP9 = extendedVideo(VP09, CODED_FRAMES);
const VP8 = extendedVideo(VP08, CODED_FRAMES);

/**
 * What stands before `frame.data` in an FLV tag or RTMP message body: H.264, AAC and MP3 the way every player reads them,
 * H.265, AV1, VP9, VP8 and Opus as enhanced RTMP, data nothing. Mostly shared constants: never write to the result.
 * @see Adobe FLV 10.1 E.4.2.1, E.4.3.1; enhanced RTMP v2.
 */
export function tagBodyHeader(frame: Frame): Buffer {
  if (frame.track === 'video') return videoHeader(frame);
  return frame.track === 'audio' ? audioHeader(frame) : EMPTY;
}

function videoHeader(frame: VideoFrame): Buffer {
  switch (frame.codec) {
    case 'h264':
      return avcHeader(frame);
    case 'h265':
      return hevcHeader(frame);
    case 'av1':
      return AV1[frame.type];
    case 'vp9':
      return VP9[frame.type];
    case 'vp8':
      return VP8[frame.type];
  }
}

function avcHeader(frame: VideoFrame): Buffer {
  if (frame.type === 'config') return AVC_CONFIG;
  const cts = wireCts(frame);
  if (cts === 0) return frame.type === 'key' ? AVC_KEY : AVC_INTER;
  return legacyAvc(frame.type === 'key' ? KEY : INTER, CODED_FRAMES, cts);
}

function hevcHeader(frame: VideoFrame): Buffer {
  const cts = wireCts(frame);
  if (frame.type === 'config' || cts === 0) return HEVC[frame.type];
  const header = Buffer.allocUnsafe(8);
  header[0] = 0x80 | ((frame.type === 'key' ? KEY : INTER) << 4) | CODED_FRAMES;
  header.writeUInt32BE(HVC1, 1);
  header.writeIntBE(cts, 5, 3);
  return header;
}

function audioHeader(frame: AudioFrame): Buffer {
  switch (frame.codec) {
    case 'aac':
      return frame.type === 'config' ? AAC_CONFIG : AAC_FRAME;
    case 'opus':
      return frame.type === 'config' ? OPUS_CONFIG : OPUS_FRAME;
    case 'mp3':
      return mp3Header(frame.data);
  }
}

/** Signed 24 bits; taken between the rounded times, so that the presentation time is exact although dts is rounded too. */
function wireCts(frame: VideoFrame): number {
  if (frame.cts === 0) return 0;
  const cts = Math.round(frame.dts + frame.cts) - Math.round(frame.dts);
  return Math.max(-0x800000, Math.min(0x7fffff, cts));
}

function legacyAvc(frameType: number, packetType: number, cts: number): Buffer {
  const header = Buffer.allocUnsafe(5);
  header[0] = (frameType << 4) | CODEC_AVC;
  header[1] = packetType;
  header.writeIntBE(cts, 2, 3);
  return header;
}

function extended(first: number, codec: number): Buffer {
  const header = Buffer.allocUnsafeSlow(5);
  header[0] = first;
  header.writeUInt32BE(codec, 1);
  return header;
}

function extendedVideo(codec: number, packetType: number): Record<Frame['type'], Buffer> {
  return {
    config: extended(0x80 | (KEY << 4) | SEQUENCE_START, codec),
    key: extended(0x80 | (KEY << 4) | packetType, codec),
    inter: extended(0x80 | (INTER << 4) | packetType, codec),
  };
}

/** One byte for each of the 14 possible headers, by sound format and rate, then by mono or stereo. */
const MP3_HEADERS = [0x20, 0x24, 0x28, 0x2c, 0xe0].map(
  (first) => [Buffer.of(first | 2), Buffer.of(first | 3)] as const,
);

/**
 * FLV knows 11.025, 22.05 and 44.1 kHz, and 8 kHz as a format of its own; players take the exact rate from the MP3 frame,
 * so the nearest is written. Version, rate and mode are in the second to fourth byte (ISO 11172-3 2.4.2.3).
 */
function mp3Header(data: Buffer): Buffer {
  const version = ((data[1] ?? 0xff) >> 3) & 3;
  const rateIndex = ((data[2] ?? 0) >> 2) & 3;
  const channels = (data[3] ?? 0) >> 6 === 3 ? 0 : 1;
  if (version === 3) return MP3_HEADERS[3]![channels];
  if (version === 2) return MP3_HEADERS[2]![channels];
  return MP3_HEADERS[rateIndex === 2 ? 4 : 1]![channels];
}
